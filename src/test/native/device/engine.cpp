// The engine of the sources: threads of a block as fibers, and a check on every access. See engine.h; shadow.h has what races are.
//
// Fibers switch only in barriers, warp operations and waits, so a run is a legal interleaving, and the seed picks which one. Several
// blocks are under way where the seed has them take turns, or where one waits for another; shared memory is that of the one whose turn it is.
// Accesses come in through the functions that -fsanitize=thread makes the compiler call; this file stands in for libtsan and is
// itself compiled without that option.
//
// Alignment. What a device loads or stores at once is what the source names: a number, or a structure by its alignas. The accesses
// above do not tell, since the compiler takes structures apart first. -fsanitize=alignment tests each pointer against its type before
// that, and calls this file, in place of libubsan, for the misaligned ones. They end the launch, as on a GPU.
#include "engine.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "cuda_emulation.h"
#include "shadow.h"
#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim

extern "C" char __start_emulated_shared[], __stop_emulated_shared[];
char dynamicShared[228 * 1024] __attribute__((section("emulated_shared"), aligned(128)));

namespace emulation {

Self self;

namespace {

constexpr size_t STACK = 96 * 1024;
constexpr unsigned MAX_THREADS = 1024;
constexpr size_t MAX_FINDINGS = 20;
constexpr size_t MOST_BLOCKS = 3;  // under way

// ---- fibers -----------------------------------------------------------------------------------------------------------------

#if defined(__x86_64__)
using Context = void*;
// Inline, and a jump: the processor predicts returns by the calls before them, which are not those of another fiber.
inline __attribute__((always_inline)) void switchTo(Context& save, Context& load) {
  void *to = &save, *from = load;
  asm volatile(R"(
    leaq -128(%%rsp), %%rsp  # past the red zone
    pushq %%rbp
    leaq 1f(%%rip), %%rax
    pushq %%rax
    movq %%rsp, (%0)
    movq %1, %%rsp
    popq %%rax
    jmp *%%rax
  1:
    popq %%rbp
    leaq 128(%%rsp), %%rsp
  )"
               : "+D"(to), "+S"(from)
               :
               : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
                 "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory");
}
void prepareContext(Context& context, char* stack, size_t bytes, void (*entry)()) {
  void** top = (void**)(stack + bytes);
  *--top = nullptr;  // alignment: at entry rsp is 8 modulo 16
  *--top = (void*)entry;
  context = top;
}
#else
#include <ucontext.h>
using Context = ucontext_t;
void switchTo(Context& save, Context& load) { swapcontext(&save, &load); }
void prepareContext(Context& context, char* stack, size_t bytes, void (*entry)()) {
  getcontext(&context);
  context.uc_stack.ss_sp = stack;
  context.uc_stack.ss_size = bytes;
  context.uc_link = nullptr;
  makecontext(&context, entry, 0);
}
#endif

enum class State { READY, BARRIER, WARP, FLAG, WORD, DONE };

struct Fiber {
  Context context;
  State state;
  int line;       // of the barrier or warp operation it waits in
  bool predicate;  // of its barrier
  Warp operation;
  unsigned mask;
  uint64_t value;   // what it deposits
  int source;       // whose it gets
  uint64_t result;  // that, or the votes
  const void* counter;
  int atLeast;
};

// 32 threads: which wait in a warp operation, and which do not exist or have exited.
struct Lanes {
  uint32_t waiting, gone;
};

Intervals intervals;

struct Block {
  unsigned index = 0;
  std::vector<Fiber> fibers{MAX_THREADS};
  Lanes warps[MAX_THREADS / 32];
  char* stacks;
  std::vector<unsigned> ready;
  size_t next = 0;  // of those
  unsigned alive = 0, atBarrier = 0;
  int barrierCount = 0;  // of predicates at the last barrier
  Clocks clocks{intervals};
  Region shared;
  std::vector<char> sharedThere;  // what it had in shared memory when its last turn ended

  Block()
      : stacks((char*)mmap(nullptr, STACK * MAX_THREADS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
        shared(__start_emulated_shared, __stop_emulated_shared - __start_emulated_shared),
        sharedThere(shared.bytes) {}
  unsigned waitingForWords = 0;

  bool isReady() const { return next < ready.size(); }
};

std::vector<std::unique_ptr<Block>> places;  // for blocks under way
std::vector<Block*> underWay;
Block* block;  // whose turn it is
Context scheduler;
unsigned threads = 0;  // of a block
unsigned running = 0;
bool inFiber = false;
bool aborted = false;
bool isMisaligned = false;

const Kernel* kernel;
void** arguments;
const char* argumentsBegin;
const char* argumentsEnd;
uint64_t seed;
bool checking = true;
std::vector<std::string> findings;
size_t dropped;

Random random;

std::string place(void* address) {
  if (address == nullptr) return "";
  Dl_info info;
  if (dladdr(address, &info) == 0) return "";
  char command[4200];
  snprintf(command, sizeof command, "addr2line -e '%s' %#lx 2>/dev/null", info.dli_fname,
           (unsigned long)((char*)address - (char*)info.dli_fbase - 1));
  std::string line;
  if (FILE* pipe = popen(command, "r")) {
    char buffer[1000];
    if (fgets(buffer, sizeof buffer, pipe)) line = buffer;
    pclose(pipe);
  }
  while (!line.empty() && line.back() == '\n') line.pop_back();
  const size_t slash = line.rfind('/');
  return line.empty() || line[0] == '?' ? "" : ", at " + (slash == std::string::npos ? line : line.substr(slash + 1));
}

void report(const std::string& what, void* address = nullptr) {
  if (findings.size() >= MAX_FINDINGS) {
    dropped++;
    return;
  }
  char who[200];
  snprintf(who, sizeof who, "%s block %u thread %u: ", kernel->name, self.block.x, self.thread.x);
  findings.push_back(who + what + place(address));
}

[[noreturn]] void abortLaunch() {
  aborted = true;
  inFiber = false;
  switchTo(block->fibers[running].context, scheduler);
  abort();
}

// ---- memory --------------------------------------------------------------------------------------------------------------------

std::vector<std::pair<const char*, const char*>> constants;  // read-only segments of the program

int collectConstants(dl_phdr_info* info, size_t, void*) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const auto& header = info->dlpi_phdr[i];
    const char* from = (const char*)info->dlpi_addr + header.p_vaddr;
    if ((header.p_type == PT_LOAD && !(header.p_flags & PF_W)) || header.p_type == PT_GNU_RELRO) {
      constants.push_back({from, from + header.p_memsz});
    }
  }
  return 0;
}

bool isConstant(const char* at) {
  if (constants.empty()) dl_iterate_phdr(collectConstants, nullptr);
  for (auto& range : constants) {
    if (at >= range.first && at < range.second) return true;
  }
  return false;
}

inline void check(Region& region, const char* at, size_t bytes, Kind kind, bool isShared, void* caller) {
  const size_t offset = at - region.base;
  if (kind == Kind::WRITE || kind == Kind::ATOMIC_WRITE) {
    region.setInitialised(offset, bytes, true);
  } else if (!region.isInitialised(offset, bytes)) {
    report("uninitialised read of " + std::to_string(bytes) + " bytes, " + describe(region, offset, isShared), caller);
    region.setInitialised(offset, bytes, true);  // once is enough
  }
  const std::string race = block->clocks.touch(region, offset, bytes, kind, isShared, running);
  if (!race.empty()) report(race, caller);
}

[[noreturn]] void outOfBounds(const char* at, size_t bytes, bool write, void* caller) {
  char text[200];
  snprintf(text, sizeof text, "out-of-bounds %s of %zu bytes at %p", write ? "write" : "read", bytes, at);
  report(text + nearestAllocation(at), caller);
  abortLaunch();
}

inline __attribute__((always_inline)) void access(const void* address, size_t bytes, Kind kind, void* caller) {
  if (!inFiber || !checking) return;
  const char* at = (const char*)address;
  const char* stack = block->stacks + running * STACK;
  if (at >= stack && at < stack + STACK) return;
  if (at >= (char*)&self && at < (char*)(&self + 1)) return;
  if (block->shared.holds(at, bytes)) {
    check(block->shared, at, bytes, kind, true, caller);
    return;
  }
  if (Region* region = allocationOf(at)) {
    if (region->holds(at, bytes)) {
      check(*region, at, bytes, kind, false, caller);
      return;
    }
  }
  if (at >= argumentsBegin && at < argumentsEnd) return;
  const bool write = kind != Kind::READ && kind != Kind::ATOMIC_READ;
  if (!write && isConstant(at)) return;
  outOfBounds(at, bytes, write, caller);
}

// What -fsanitize=alignment hands over, as libubsan declares it.
struct TypeDescriptor {
  uint16_t kind, info;
  char name[1];  // in quotes
};
struct TypeMismatch {
  const char* file;
  uint32_t line, column;
  const TypeDescriptor* type;
  uint8_t logAlignment;
  uint8_t accessKind;
};

void misaligned(const TypeMismatch& mismatch, const char* at, void* caller) {
  if (!inFiber || !checking) return;
  // 2 and more: by a reference, as a structure is read, or of a member
  const char* kind = mismatch.accessKind == 0 ? "read" : mismatch.accessKind == 1 ? "write" : "access";
  const size_t alignment = size_t(1) << mismatch.logAlignment;
  std::string where = "local memory";
  if (block->shared.holds(at, 1)) {
    where = describe(block->shared, 0, true);
  } else if (Region* region = allocationOf(at)) {
    where = describe(*region, at - region->base, false);
  }
  report(std::string("misaligned ") + kind + " of " + mismatch.type->name + ": expected a multiple of " + std::to_string(alignment) +
             ", got " + std::to_string(uintptr_t(at) % alignment) + " more, " + where,
         caller);
  isMisaligned = true;
  abortLaunch();
}

// ---- scheduling ---------------------------------------------------------------------------------------------------------------------

void makeReady(unsigned thread) {
  block->fibers[thread].state = State::READY;
  block->ready.push_back(thread);
}

void yield() {
  inFiber = false;
  switchTo(block->fibers[running].context, scheduler);
}

void fiberMain() {
  kernel->entry(arguments);
  block->fibers[running].state = State::DONE;
  yield();
  abort();
}

// Lets everybody go when all live threads have come.
void tryBarrier() {
  if (block->atBarrier < block->alive) return;
  int line = -1, count = 0;
  for (unsigned i = 0; i < threads; i++) {
    Fiber& fiber = block->fibers[i];
    if (fiber.state == State::DONE) continue;
    if (line >= 0 && fiber.line != line) {
      report("divergent barrier: threads wait in lines " + std::to_string(line) + " and " + std::to_string(fiber.line));
      aborted = true;
      return;
    }
    line = fiber.line;
    count += fiber.predicate;
  }
  if (line < 0) return;
  block->barrierCount = count;
  block->atBarrier = 0;
  block->clocks.barrier();
  for (unsigned i = 0; i < threads; i++) {
    if (block->fibers[i].state == State::BARRIER) makeReady(i);
  }
}

// Lets the lanes of the running thread's warp operation go when all of its mask have come.
void tryWarp(unsigned thread) {
  const unsigned base = thread / 32 * 32;
  const Fiber& mine = block->fibers[thread];
  Lanes& warp = block->warps[thread / 32];
  if ((warp.waiting & mine.mask) != mine.mask && (warp.gone & mine.mask) == 0) return;
  for (unsigned lane = 0; lane < 32; lane++) {
    if (!(mine.mask >> lane & 1)) continue;
    if (warp.gone >> lane & 1) {
      report("mask names lane " + std::to_string(lane) + ", which does not exist or has exited, line " + std::to_string(mine.line));
      aborted = true;
      return;
    }
    const Fiber& fiber = block->fibers[base + lane];
    if (fiber.state != State::WARP) return;
    if (fiber.mask != mine.mask || fiber.line != mine.line || fiber.operation != mine.operation) {
      report("inconsistent masks or kinds of a warp operation: lines " + std::to_string(mine.line) + " and " + std::to_string(fiber.line));
      aborted = true;
      return;
    }
  }
  if (mine.operation == Warp::SYNC) block->clocks.warpBarrier(base, mine.mask);
  const unsigned mask = mine.mask;
  uint64_t votes = 0;
  for (unsigned lane = 0; lane < 32; lane++) {
    if (mask >> lane & 1) votes |= uint64_t(block->fibers[base + lane].value != 0) << lane;
  }
  for (unsigned lane = 0; lane < 32; lane++) {
    if (!(mask >> lane & 1)) continue;
    Fiber& fiber = block->fibers[base + lane];
    // now, since others may go on and deposit again before this one does
    if (fiber.operation != Warp::SHUFFLE) {
      fiber.result = votes;
    } else {
      fiber.result = mask >> fiber.source & 1 ? block->fibers[base + fiber.source].value : 0;
    }
    makeReady(base + lane);
  }
  warp.waiting &= ~mask;
}

void begin(unsigned index) {
  block->index = index;
  block->clocks.beginBlock(index, threads);
  block->shared.setInitialised(0, block->shared.bytes, false);
  block->ready.clear();
  block->next = 0;
  block->alive = threads;
  block->atBarrier = block->waitingForWords = 0;
  for (unsigned base = 0; base < threads; base += 32) {
    const unsigned lanes = threads - base;
    block->warps[base / 32].waiting = 0;
    block->warps[base / 32].gone = lanes < 32 ? ~0u << lanes : 0;
  }
  for (unsigned i = 0; i < threads; i++) {
    Fiber& fiber = block->fibers[i];
    // not all from the same place of a page on, or they would share a few lines of the processor's cache
    prepareContext(fiber.context, block->stacks + i * STACK, STACK - i % 64 * 192, fiberMain);
    makeReady(i);
  }
}

// Runs threads of the block until none is ready, so many times.
void turn(uint64_t most) {
  for (; most > 0 && block->isReady() && !aborted; most--) {
    if (seed != 0) {
      const size_t pick = block->next + random.below(block->ready.size() - block->next);
      std::swap(block->ready[block->next], block->ready[pick]);
    }
    const unsigned thread = block->ready[block->next++];
    if (block->next > 4096) {
      block->ready.erase(block->ready.begin(), block->ready.begin() + block->next);
      block->next = 0;
    }
    running = thread;
    self.thread = {thread, 0, 0};
    inFiber = true;
    switchTo(scheduler, block->fibers[thread].context);
    inFiber = false;
    if (aborted) break;
    switch (block->fibers[thread].state) {
      case State::DONE:
        block->alive--;
        block->warps[thread / 32].gone |= 1u << thread % 32;
        tryBarrier();
        for (unsigned i = thread / 32 * 32; i < threads && i < thread / 32 * 32 + 32; i++) {
          if (!aborted && block->fibers[i].state == State::WARP && block->fibers[i].mask >> (thread % 32) & 1) tryWarp(i);
        }
        break;
      case State::BARRIER:
        block->atBarrier++;
        tryBarrier();
        break;
      case State::WARP:
        block->warps[thread / 32].waiting |= 1u << thread % 32;
        tryWarp(thread);
        break;
      default:
        break;
    }
  }
}

void reportDeadlock() {
  std::string who;
  unsigned shown = 0;
  for (Block* each : underWay) {
    for (unsigned i = 0; i < threads && shown < 4; i++) {
      const Fiber& fiber = each->fibers[i];
      if (fiber.state == State::DONE) continue;
      const char* where = fiber.state == State::BARRIER ? "at a barrier"
                          : fiber.state == State::WARP  ? "in a warp operation"
                          : fiber.state == State::FLAG  ? "for a counter"
                                                        : "for another block";
      who += " thread " + std::to_string(i) + " of block " + std::to_string(each->index) + " waits " + where + " (line " +
             std::to_string(fiber.line) + ");";
      shown++;
    }
  }
  report("deadlock: a barrier, warp operation, counter or word not reached by all:" + who);
  aborted = true;
}

// From or to where the block has its shared memory when others have their turn; of what is used, if that is known.
void moveShared(char* to, const char* from) {
  for (size_t i = 0; i < block->shared.bytes; i += 64) {
    const size_t bytes = std::min<size_t>(64, block->shared.bytes - i);
    if (!checking || block->shared.initialised[i / 64] != 0) memcpy(to + i, from + i, bytes);
  }
}

void switchTo(Block* other) {
  const bool isBegun = other->alive > 0;
  if (other != block) {
    if (block && block->alive > 0) moveShared(block->sharedThere.data(), block->shared.base);
    block = other;
    if (isBegun) moveShared(block->shared.base, block->sharedThere.data());
  }
  self.block = {block->index, 0, 0};
}

Block* freePlace() {
  for (auto& place : places) {
    if (place->alive == 0) return place.get();
  }
  places.emplace_back(new Block());
  return places.back().get();
}

// One block after the other, unless one waits for another or the seed has it otherwise.
void runBlocks(const BlockOrder& order, unsigned count) {
  unsigned begun = 0;
  underWay.clear();
  for (auto& place : places) place->alive = 0;  // where the last launch was ended
  block = nullptr;
  while (!aborted && (begun < count || !underWay.empty())) {
    std::vector<Block*> able;
    for (Block* each : underWay) {
      if (each->isReady()) able.push_back(each);
    }
    const bool mayBegin = begun < count && underWay.size() < MOST_BLOCKS;
    if (able.empty() && !mayBegin) {
      reportDeadlock();
      break;
    }
    const size_t pick = seed == 0 ? 0 : random.below(able.size() + mayBegin);
    if (pick < able.size()) {
      switchTo(able[pick]);
    } else {
      switchTo(freePlace());
      begin(order[begun++]);
      self.block = {block->index, 0, 0};
      underWay.push_back(block);
    }
    turn(seed == 0 ? ~0ull : 1 + random.below(random.below(2) ? 40 : 4000));
    if (block->alive == 0) underWay.erase(std::find(underWay.begin(), underWay.end(), block));
  }
}

}  // namespace

void syncThreads(int line) { syncThreadsCount(false, line); }

int syncThreadsCount(bool predicate, int line) {
  Fiber& fiber = block->fibers[running];
  fiber.state = State::BARRIER;
  fiber.line = line;
  fiber.predicate = predicate;
  yield();
  return block->barrierCount;
}

uint64_t warp(Warp operation, unsigned mask, uint64_t value, int source, int line) {
  Fiber& fiber = block->fibers[running];
  if (!(mask >> (running % 32) & 1)) {
    report("a lane that is not in its own mask, line " + std::to_string(line));
    abortLaunch();
  }
  fiber.state = State::WARP;
  fiber.operation = operation;
  fiber.mask = mask;
  fiber.value = value;
  fiber.source = source;
  fiber.line = line;
  yield();
  if (operation == Warp::SHUFFLE && !(mask >> source & 1)) {
    report("shuffle from a lane that is not in the mask, line " + std::to_string(line));
  }
  return fiber.result;
}

void release(int* counter, int value) {
  block->clocks.release(running, counter);
  *counter = value;
  for (unsigned i = 0; i < threads; i++) {
    const Fiber& other = block->fibers[i];
    if (other.state == State::FLAG && other.counter == counter && value >= other.atLeast) makeReady(i);
  }
}

void acquire(int* counter, int atLeast) {
  Fiber& fiber = block->fibers[running];
  while (*counter < atLeast) {
    fiber.state = State::FLAG;
    fiber.counter = counter;
    fiber.atLeast = atLeast;
    fiber.line = 0;
    yield();
  }
  block->clocks.acquire(running, counter);
}

uint64_t loadRelaxed(const void* at) {
  access(at, 8, Kind::ATOMIC_READ, __builtin_return_address(0));
  return *(const uint64_t*)at;
}

void storeRelaxed(void* at, uint64_t value) {
  access(at, 8, Kind::ATOMIC_WRITE, __builtin_return_address(0));
  *(uint64_t*)at = value;
  for (Block* each : underWay) {
    if (each->waitingForWords == 0) continue;
    for (unsigned i = 0; i < threads; i++) {
      if (each->fibers[i].state != State::WORD || each->fibers[i].counter != at) continue;
      each->fibers[i].state = State::READY;
      each->ready.push_back(i);
      each->waitingForWords--;
    }
  }
}

void awaitChange(const void* at, uint64_t from) {
  if (*(const uint64_t*)at != from) return;
  Fiber& fiber = block->fibers[running];
  fiber.state = State::WORD;
  fiber.counter = at;
  fiber.line = 0;
  block->waitingForWords++;
  yield();
}

unsigned incrementUpTo(unsigned* at, unsigned most) {
  access(at, 4, Kind::ATOMIC_READ, __builtin_return_address(0));
  access(at, 4, Kind::ATOMIC_WRITE, __builtin_return_address(0));
  const unsigned before = *at;
  *at = before >= most ? 0 : before + 1;
  return before;
}

Findings launch(const Kernel& toRun, Dim3 grid, Dim3 blockDim, size_t dynamicSharedBytes, void** parameters) {
  kernel = &toRun;
  findings.clear();
  dropped = 0;
  self = {};
  const uint64_t threadsOfBlock = uint64_t(blockDim.x) * blockDim.y * blockDim.z;
  if (blockDim.y != 1 || blockDim.z != 1 || threadsOfBlock == 0 || threadsOfBlock > toRun.maxThreadsPerBlock || grid.x == 0 || grid.y != 1 ||
      grid.z != 1 || dynamicSharedBytes > sizeof dynamicShared) {
    return {std::string(toRun.name) + ": cannot be launched with a grid of " + std::to_string(grid.x) + " and " +
            std::to_string(threadsOfBlock) + " threads a block"};
  }
  // a copy of the parameters, which kernels may read
  size_t bytes = sizeof(void*) * toRun.parameterCount;
  for (unsigned i = 0; i < toRun.parameterCount; i++) bytes += (toRun.parameterSizes[i] + 15) / 16 * 16 + 16;
  std::vector<char> copy(bytes + 16);
  arguments = (void**)(((uintptr_t)copy.data() + 15) / 16 * 16);
  char* to = (char*)(arguments + (toRun.parameterCount + 1) / 2 * 2);
  for (unsigned i = 0; i < toRun.parameterCount; i++) {
    memcpy(to, parameters[i], toRun.parameterSizes[i]);
    arguments[i] = to;
    to += (toRun.parameterSizes[i] + 15) / 16 * 16;
  }
  argumentsBegin = copy.data();
  argumentsEnd = copy.data() + copy.size();

  random = Random(seed);
  intervals.beginLaunch();
  threads = unsigned(threadsOfBlock);
  aborted = isMisaligned = false;
  self.blockDim = blockDim;
  self.gridDim = grid;
  runBlocks(BlockOrder(grid.x, seed == 0, random), grid.x);
  std::string all;
  for (auto& finding : findings) all += (all.empty() ? "" : "\n") + finding;
  if (dropped > 0) all += "\n" + std::string(toRun.name) + ": and " + std::to_string(dropped) + " more";
  return {all, isMisaligned};
}

void setSeed(uint64_t value) { seed = value; }
void setChecking(bool on) { checking = on; }

void setApproximations(uint64_t) {}
uint64_t warpInstructions() { return 0; }
std::string coverage() { return ""; }
std::string synchronisations() { return ""; }
bool omit(const std::string&, int) { return false; }

}  // namespace emulation

// ---- what the compiler calls ------------------------------------------------------------------------------------------------------------

#define CALLER __builtin_return_address(0)
#define ACCESSES(N)                                                                                   \
  void __tsan_read##N(void* p) { emulation::access(p, N, emulation::Kind::READ, CALLER); }                            \
  void __tsan_write##N(void* p) { emulation::access(p, N, emulation::Kind::WRITE, CALLER); }                            \
  void __tsan_unaligned_read##N(void* p) { emulation::access(p, N, emulation::Kind::READ, CALLER); }                  \
  void __tsan_unaligned_write##N(void* p) { emulation::access(p, N, emulation::Kind::WRITE, CALLER); }
extern "C" {
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
void __tsan_read_range(void* p, unsigned long n) { emulation::access(p, n, emulation::Kind::READ, CALLER); }
void __tsan_write_range(void* p, unsigned long n) { emulation::access(p, n, emulation::Kind::WRITE, CALLER); }
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __ubsan_handle_type_mismatch_v1(const emulation::TypeMismatch* mismatch, const char* at) {
  emulation::misaligned(*mismatch, at, CALLER);
}
}
