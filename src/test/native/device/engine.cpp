// The engine of the sources: threads of a block as fibers, and a check on every access. See engine.h; shadow.h has what races are.
//
// Fibers switch only in barriers, warp operations and waits, so a run is a legal interleaving, and the seed picks which one.
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

// ---- fibers -----------------------------------------------------------------------------------------------------------------

#if defined(__x86_64__)
extern "C" void emulation_switch(void** save, void* load);
asm(R"(
.text
.globl emulation_switch
.hidden emulation_switch
.type emulation_switch, @function
emulation_switch:
  pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
  ret
.size emulation_switch, .-emulation_switch
)");
using Context = void*;
void switchTo(Context& save, Context& load) { emulation_switch(&save, load); }
void prepareContext(Context& context, char* stack, size_t bytes, void (*entry)()) {
  void** top = (void**)(stack + bytes);
  *--top = nullptr;  // alignment: at entry rsp is 8 modulo 16
  *--top = (void*)entry;
  for (int i = 0; i < 6; i++) *--top = nullptr;
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

enum class State { READY, BARRIER, WARP, FLAG, DONE };

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
  int* counter;
  int atLeast;
};

// 32 threads: which wait in a warp operation, and which do not exist or have exited.
struct Lanes {
  uint32_t waiting, gone;
};

struct Block {
  std::vector<Fiber> fibers{MAX_THREADS};
  Lanes warps[MAX_THREADS / 32];
  unsigned threads = 0;
  char* stacks = nullptr;
  Context scheduler;
  unsigned running = 0;
  bool inFiber = false;
  bool aborted = false;
  bool misaligned = false;
  std::vector<unsigned> ready;
  unsigned alive = 0, atBarrier = 0;
  int barrierCount = 0;  // of predicates at the last barrier
} block;

const Kernel* kernel;
void** arguments;
const char* argumentsBegin;
const char* argumentsEnd;
uint64_t seed;
bool checking = true;
std::vector<std::string> findings;
size_t dropped;

Clocks clocks;
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
  block.aborted = true;
  block.inFiber = false;
  switchTo(block.fibers[block.running].context, block.scheduler);
  abort();
}

// ---- memory --------------------------------------------------------------------------------------------------------------------

std::unique_ptr<Region> shared;

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

void check(Region& region, const char* at, size_t bytes, bool write, bool isShared, void* caller) {
  const size_t offset = at - region.base;
  if (write) {
    region.setInitialised(offset, bytes, true);
  } else if (!region.isInitialised(offset, bytes)) {
    report("uninitialised read of " + std::to_string(bytes) + " bytes, " + describe(region, offset, isShared), caller);
    region.setInitialised(offset, bytes, true);  // once is enough
  }
  const std::string race = clocks.touch(region, offset, bytes, write, isShared, block.running);
  if (!race.empty()) report(race, caller);
}

void access(const void* address, size_t bytes, bool write, void* caller) {
  if (!block.inFiber || !checking) return;
  const char* at = (const char*)address;
  const char* stack = block.stacks + block.running * STACK;
  if (at >= stack && at < stack + STACK) return;
  if (at >= (char*)&self && at < (char*)(&self + 1)) return;
  if (shared->holds(at, bytes)) {
    check(*shared, at, bytes, write, true, caller);
    return;
  }
  if (Region* region = allocationOf(at)) {
    if (region->holds(at, bytes)) {
      check(*region, at, bytes, write, false, caller);
      return;
    }
  }
  if (at >= argumentsBegin && at < argumentsEnd) return;
  if (!write && isConstant(at)) return;
  char text[200];
  snprintf(text, sizeof text, "out-of-bounds %s of %zu bytes at %p", write ? "write" : "read", bytes, address);
  report(text + nearestAllocation(at), caller);
  abortLaunch();
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
  if (!block.inFiber || !checking) return;
  // 2 and more: by a reference, as a structure is read, or of a member
  const char* kind = mismatch.accessKind == 0 ? "read" : mismatch.accessKind == 1 ? "write" : "access";
  const size_t alignment = size_t(1) << mismatch.logAlignment;
  std::string where = "local memory";
  if (shared->holds(at, 1)) {
    where = describe(*shared, 0, true);
  } else if (Region* region = allocationOf(at)) {
    where = describe(*region, at - region->base, false);
  }
  report(std::string("misaligned ") + kind + " of " + mismatch.type->name + ": expected a multiple of " + std::to_string(alignment) +
             ", got " + std::to_string(uintptr_t(at) % alignment) + " more, " + where,
         caller);
  block.misaligned = true;
  abortLaunch();
}

// ---- scheduling ---------------------------------------------------------------------------------------------------------------------

void makeReady(unsigned thread) {
  block.fibers[thread].state = State::READY;
  block.ready.push_back(thread);
}

void yield() {
  block.inFiber = false;
  switchTo(block.fibers[block.running].context, block.scheduler);
}

void fiberMain() {
  kernel->entry(arguments);
  block.fibers[block.running].state = State::DONE;
  yield();
  abort();
}

// Lets everybody go when all live threads have come.
void tryBarrier() {
  if (block.atBarrier < block.alive) return;
  int line = -1, count = 0;
  for (unsigned i = 0; i < block.threads; i++) {
    Fiber& fiber = block.fibers[i];
    if (fiber.state == State::DONE) continue;
    if (line >= 0 && fiber.line != line) {
      report("divergent barrier: threads wait in lines " + std::to_string(line) + " and " + std::to_string(fiber.line));
      block.aborted = true;
      return;
    }
    line = fiber.line;
    count += fiber.predicate;
  }
  if (line < 0) return;
  block.barrierCount = count;
  block.atBarrier = 0;
  clocks.barrier();
  for (unsigned i = 0; i < block.threads; i++) {
    if (block.fibers[i].state == State::BARRIER) makeReady(i);
  }
}

// Lets the lanes of the running thread's warp operation go when all of its mask have come.
void tryWarp(unsigned thread) {
  const unsigned base = thread / 32 * 32;
  const Fiber& mine = block.fibers[thread];
  Lanes& warp = block.warps[thread / 32];
  if ((warp.waiting & mine.mask) != mine.mask && (warp.gone & mine.mask) == 0) return;
  for (unsigned lane = 0; lane < 32; lane++) {
    if (!(mine.mask >> lane & 1)) continue;
    if (warp.gone >> lane & 1) {
      report("mask names lane " + std::to_string(lane) + ", which does not exist or has exited, line " + std::to_string(mine.line));
      block.aborted = true;
      return;
    }
    const Fiber& fiber = block.fibers[base + lane];
    if (fiber.state != State::WARP) return;
    if (fiber.mask != mine.mask || fiber.line != mine.line || fiber.operation != mine.operation) {
      report("inconsistent masks or kinds of a warp operation: lines " + std::to_string(mine.line) + " and " + std::to_string(fiber.line));
      block.aborted = true;
      return;
    }
  }
  if (mine.operation == Warp::SYNC) clocks.warpBarrier(base, mine.mask);
  const unsigned mask = mine.mask;
  uint64_t votes = 0;
  for (unsigned lane = 0; lane < 32; lane++) {
    if (mask >> lane & 1) votes |= uint64_t(block.fibers[base + lane].value != 0) << lane;
  }
  for (unsigned lane = 0; lane < 32; lane++) {
    if (!(mask >> lane & 1)) continue;
    Fiber& fiber = block.fibers[base + lane];
    // now, since others may go on and deposit again before this one does
    if (fiber.operation != Warp::SHUFFLE) {
      fiber.result = votes;
    } else {
      fiber.result = mask >> fiber.source & 1 ? block.fibers[base + fiber.source].value : 0;
    }
    makeReady(base + lane);
  }
  warp.waiting &= ~mask;
}

void runBlock() {
  clocks.beginBlock(block.threads);
  shared->setInitialised(0, shared->bytes, false);
  block.ready.clear();
  block.alive = block.threads;
  block.atBarrier = 0;
  for (unsigned base = 0; base < block.threads; base += 32) {
    const unsigned lanes = block.threads - base;
    block.warps[base / 32].waiting = 0;
    block.warps[base / 32].gone = lanes < 32 ? ~0u << lanes : 0;
  }
  for (unsigned i = 0; i < block.threads; i++) {
    Fiber& fiber = block.fibers[i];
    // not all from the same place of a page on, or they would share a few lines of the processor's cache
    prepareContext(fiber.context, block.stacks + i * STACK, STACK - i % 64 * 192, fiberMain);
    makeReady(i);
  }
  size_t next = 0;
  while (block.alive > 0 && !block.aborted) {
    if (next == block.ready.size()) {
      std::string who;
      for (unsigned i = 0, shown = 0; i < block.threads && shown < 4; i++) {
        const Fiber& fiber = block.fibers[i];
        if (fiber.state == State::DONE) continue;
        const char* where = fiber.state == State::BARRIER ? "at a barrier" : fiber.state == State::WARP ? "in a warp operation" : "for a counter";
        who += " thread " + std::to_string(i) + " waits " + where + " (line " + std::to_string(fiber.line) + ");";
        shown++;
      }
      report("deadlock: a barrier, warp operation or counter not reached by all:" + who);
      block.aborted = true;
      break;
    }
    if (seed != 0) {
      const size_t pick = next + random.below(block.ready.size() - next);
      std::swap(block.ready[next], block.ready[pick]);
    }
    const unsigned thread = block.ready[next++];
    if (next > 4096) {
      block.ready.erase(block.ready.begin(), block.ready.begin() + next);
      next = 0;
    }
    block.running = thread;
    self.thread = {thread, 0, 0};
    block.inFiber = true;
    switchTo(block.scheduler, block.fibers[thread].context);
    block.inFiber = false;
    if (block.aborted) break;
    switch (block.fibers[thread].state) {
      case State::DONE:
        block.alive--;
        block.warps[thread / 32].gone |= 1u << thread % 32;
        tryBarrier();
        for (unsigned i = thread / 32 * 32; i < block.threads && i < thread / 32 * 32 + 32; i++) {
          if (!block.aborted && block.fibers[i].state == State::WARP && block.fibers[i].mask >> (thread % 32) & 1) tryWarp(i);
        }
        break;
      case State::BARRIER:
        block.atBarrier++;
        tryBarrier();
        break;
      case State::WARP:
        block.warps[thread / 32].waiting |= 1u << thread % 32;
        tryWarp(thread);
        break;
      default:
        break;
    }
  }
}

}  // namespace

void syncThreads(int line) { syncThreadsCount(false, line); }

int syncThreadsCount(bool predicate, int line) {
  Fiber& fiber = block.fibers[block.running];
  fiber.state = State::BARRIER;
  fiber.line = line;
  fiber.predicate = predicate;
  yield();
  return block.barrierCount;
}

uint64_t warp(Warp operation, unsigned mask, uint64_t value, int source, int line) {
  Fiber& fiber = block.fibers[block.running];
  if (!(mask >> (block.running % 32) & 1)) {
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
  clocks.release(block.running, counter);
  *counter = value;
  for (unsigned i = 0; i < block.threads; i++) {
    const Fiber& other = block.fibers[i];
    if (other.state == State::FLAG && other.counter == counter && value >= other.atLeast) makeReady(i);
  }
}

void acquire(int* counter, int atLeast) {
  Fiber& fiber = block.fibers[block.running];
  while (*counter < atLeast) {
    fiber.state = State::FLAG;
    fiber.counter = counter;
    fiber.atLeast = atLeast;
    fiber.line = 0;
    yield();
  }
  clocks.acquire(block.running, counter);
}

Findings launch(const Kernel& toRun, Dim3 grid, Dim3 blockDim, size_t dynamicSharedBytes, void** parameters) {
  kernel = &toRun;
  findings.clear();
  dropped = 0;
  self = {};
  const uint64_t threads = uint64_t(blockDim.x) * blockDim.y * blockDim.z;
  if (blockDim.y != 1 || blockDim.z != 1 || threads == 0 || threads > toRun.maxThreadsPerBlock || grid.x == 0 || grid.y != 1 ||
      grid.z != 1 || dynamicSharedBytes > sizeof dynamicShared) {
    return {std::string(toRun.name) + ": cannot be launched with a grid of " + std::to_string(grid.x) + " and " +
            std::to_string(threads) + " threads a block"};
  }
  if (!block.stacks) {
    block.stacks = (char*)mmap(nullptr, STACK * MAX_THREADS, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    shared.reset(new Region(__start_emulated_shared, __stop_emulated_shared - __start_emulated_shared));
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
  clocks.beginLaunch();
  block.threads = unsigned(threads);
  block.aborted = block.misaligned = false;
  self.blockDim = blockDim;
  self.gridDim = grid;
  const BlockOrder order(grid.x, seed == 0, random);
  for (uint64_t i = 0; i < grid.x && !block.aborted; i++) {
    self.block = {order[i], 0, 0};
    runBlock();
  }
  std::string all;
  for (auto& finding : findings) all += (all.empty() ? "" : "\n") + finding;
  if (dropped > 0) all += "\n" + std::string(toRun.name) + ": and " + std::to_string(dropped) + " more";
  return {all, block.misaligned};
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
  void __tsan_read##N(void* p) { emulation::access(p, N, false, CALLER); }                            \
  void __tsan_write##N(void* p) { emulation::access(p, N, true, CALLER); }                            \
  void __tsan_unaligned_read##N(void* p) { emulation::access(p, N, false, CALLER); }                  \
  void __tsan_unaligned_write##N(void* p) { emulation::access(p, N, true, CALLER); }
extern "C" {
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)
void __tsan_read_range(void* p, unsigned long n) { emulation::access(p, n, false, CALLER); }
void __tsan_write_range(void* p, unsigned long n) { emulation::access(p, n, true, CALLER); }
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __ubsan_handle_type_mismatch_v1(const emulation::TypeMismatch* mismatch, const char* at) {
  emulation::misaligned(*mismatch, at, CALLER);
}
}
