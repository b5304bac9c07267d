// Runs kernels of PTX: warps of 32 lanes that each have a program counter of their own, with every access and every value checked.
//
// An undefined value may be moved, packed and stored in shared memory, as compilers do; where it is a guard, an address, or stored in
// global memory, it is found. What races are says shadow.h; what a copy to shared memory writes is undefined until it is waited for.
#pragma once
#include <set>

#include "../device/engine.h"
#include "../device/shadow.h"
#include "frame.h"
#include "schedule.h"

namespace ptx {

struct Copy {  // to shared memory, under way
  const Instruction* instruction;
  uint64_t to;
  char data[16];
  bool isDefined;
  int64_t group;  // −1: of none yet
};

struct Lane {
  Frame* frame = nullptr;
  int next = 0;  // instruction
  const Instruction* waits = nullptr;
  uint32_t mask = 0;  // of the warp operation it waits in
  bool predicate = false;  // of the barrier
  std::vector<Copy> copies;
  int64_t groups = 0;
};

struct Warp {
  unsigned first;  // thread
  uint32_t ready, spinning = 0, atBarrier = 0, atOperation = 0, exited;
  Lane lanes[32];
};

// A block that has begun.
struct Block {
  unsigned index;
  std::vector<char> sharedMemory;
  emulation::Region shared;
  std::vector<Warp> warps;
  emulation::Clocks clocks;
  unsigned exited = 0, atBarrier = 0;  // threads
  unsigned looked = 0;                 // how often all have looked again since anything was released

  Block(unsigned index, size_t sharedBytes, unsigned threads, emulation::Intervals& intervals);
  // Whether there are lanes to run; some that have not looked in vain.
  bool isReady() const;
  bool isEager() const;
  void lookAgain();
};

struct Launch {
  Function* function;
  unsigned blocks, threads;
  size_t dynamicSharedBytes;
  std::vector<char> parameters;
  uint64_t seed;
  bool isChecked;
};

class Machine {
 public:
  explicit Machine(Launch launch);
  emulation::Findings run();
  // Instructions that warps executed.
  uint64_t executed() const { return executed_; }

 private:
  struct Place {
    char* at = nullptr;  // null: the launch is over
    emulation::Region* region = nullptr;
    size_t offset = 0;
    bool isShared = false;
  };

  void report(unsigned thread, int line, const std::string& what);
  void begin(unsigned index);
  void begin(Warp& warp);
  void runBlock();
  void end();
  void released();
  void turn(Warp& warp);
  uint64_t runLanes(Warp& warp, uint32_t lanes, int until, uint64_t most);
  bool execute(Warp& warp, Frame& frame, Instruction& instruction, uint32_t lanes);

  void call(Warp& warp, const Instruction& i, uint32_t lanes, int next);
  void leave(Warp& warp, uint32_t lanes);

  Place locate(const Instruction& i, Space space, uint64_t address, bool write, unsigned thread);
  bool checkAddress(const Warp& warp, const Frame& frame, const Instruction& i, int base, uint32_t lanes);
  void touch(const Place& place, const Instruction& i, emulation::Kind kind, unsigned thread);
  bool load(Warp& warp, Frame& frame, const Instruction& i, uint32_t lanes);
  bool store(Warp& warp, Frame& frame, const Instruction& i, uint32_t lanes);
  bool increment(Warp& warp, Frame& frame, const Instruction& i, uint32_t lanes);
  bool copy(Warp& warp, Frame& frame, const Instruction& i, uint32_t lanes);
  bool complete(Warp& warp, const Instruction& i, uint32_t lanes);

  void arrive(Warp& warp, const Frame& frame, const Instruction& i, uint32_t lanes);
  void tryOperation(Warp& warp, unsigned lane);
  void exchange(Warp& warp, uint32_t lanes);
  void shuffle(Warp& warp, uint32_t lanes);
  void vote(Warp& warp, uint32_t lanes);
  void tryBarrier();
  void reportDeadlock(const char* kind);

  Launch launch_;
  Schedule schedule_;
  std::vector<std::unique_ptr<Block>> underWay_;
  Block* block_ = nullptr;  // whose turn it is
  uint64_t stalled_ = 0;    // how often all blocks have looked in vain since anything was released
  uint64_t executed_ = 0;
  bool isOver_ = false, isMisaligned_ = false;
  std::vector<std::string> findings_;
  size_t dropped_ = 0;
  std::set<std::string> found_;
};

}  // namespace ptx
