// Who runs next, and how far: by a seed. All orders are legal ones of a GPU's.
#pragma once
#include "../device/shadow.h"

namespace ptx {

// For seed 0 warps in turn, each until it waits, its lanes together where they are at the same instruction. For others, drawn for a
// launch: warps reversed, at random or by priorities that change now and then; lanes together, some of them or each for itself;
// until they wait, or a few instructions at a time; blocks one after the other, or several that take turns.
class Schedule {
 public:
  explicit Schedule(uint64_t seed);

  bool ascendsBlocks() const { return isFixed_; }
  bool keepsLanesTogether() const { return lanes_ == Lanes::TOGETHER; }
  emulation::Random& random() { return random_; }

  void beginBlock();
  // One of so many blocks that can go on or begin, of which the last is the latest.
  size_t blockOf(size_t count);
  // How many turns its warps have before another block has one.
  uint64_t turnsOfBlock();
  // One of the warps whose bit is set.
  unsigned warpOf(uint32_t warps);
  // Some of the lanes, all of which are at the same instruction; `lane`, which is among them, too.
  uint32_t lanesOf(uint32_t lanes, unsigned lane);
  unsigned laneOf(uint32_t lanes);
  // How many instructions before another has its turn.
  uint64_t quantum();

 private:
  enum class Warps { ASCENDING, DESCENDING, RANDOM, PRIORITY };
  enum class Lanes { TOGETHER, SOME, ONE };

  emulation::Random random_;
  bool isFixed_;
  Warps warps_ = Warps::ASCENDING;
  Lanes lanes_ = Lanes::TOGETHER;
  bool isPreemptive_ = false;
  bool mixesBlocks_ = false;
  uint64_t priorities_[32] = {};
};

}  // namespace ptx
