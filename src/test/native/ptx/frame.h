// The registers and parameters of a call, and what is computed in them.
#pragma once
#include <memory>
#include <unordered_map>

#include "program.h"

namespace ptx {

// Lanes by bits: in which of them a register's low or high 32 bits are undefined.
struct Undefined {
  uint32_t low = 0, high = 0;
  uint32_t any() const { return low | high; }
};

// A call of a function by lanes of one warp.
class Frame {
 public:
  explicit Frame(const Function& function);

  uint64_t* values(int r) { return &registers_[size_t(r) * 32]; }
  const Undefined& undefined(int r) const { return undefined_[size_t(r)]; }
  void define(int r, uint32_t lanes, Undefined how = {});
  // The lanes in which a predicate holds.
  uint32_t truth(int r);
  char* parameter(unsigned lane, int64_t offset) { return &memory_[lane * function.frameBytes + size_t(offset)]; }
  uint32_t& undefinedParameter(int64_t offset) { return undefinedMemory_[size_t(offset) / 4]; }
  // All but the constants is undefined.
  void clear();

  void operate(const Instruction& i, uint32_t lanes);
  void pack(const Instruction& i, uint32_t lanes);
  void unpack(const Instruction& i, uint32_t lanes);

  const Function& function;
  Frame* caller = nullptr;
  const Instruction* call = nullptr;
  int returnTo = 0;
  int depth = 0;
  uint32_t lanes = 0;  // that are in it

 private:
  Undefined spread(const Instruction& i);
  uint32_t lanesWhere(int r, bool (*holds)(uint64_t));

  std::vector<uint64_t> registers_;  // 32 lanes each
  std::vector<Undefined> undefined_;
  std::vector<char> memory_;               // parameters: function.frameBytes a lane
  std::vector<uint32_t> undefinedMemory_;  // lanes, by word
};

// Frames are used again: large functions have thousands of registers.
class FramePool {
 public:
  // As a new one.
  Frame* take(const Function& function);
  void giveBack(Frame* frame) { free_[&frame->function].push_back(frame); }

 private:
  std::vector<std::unique_ptr<Frame>> all_;
  std::unordered_map<const Function*, std::vector<Frame*>> free_;
};

}  // namespace ptx
