#include "schedule.h"

namespace ptx {

namespace {

unsigned lowest(uint32_t bits) { return unsigned(__builtin_ctz(bits)); }
unsigned highest(uint32_t bits) { return 31 - unsigned(__builtin_clz(bits)); }

}  // namespace

Schedule::Schedule(uint64_t seed) : random_(seed), isFixed_(seed == 0) {
  if (isFixed_) return;
  warps_ = Warps(random_.below(4));
  const uint64_t draw = random_.below(32);  // lanes for themselves take longest
  lanes_ = draw < 28 ? Lanes::TOGETHER : draw < 31 ? Lanes::SOME : Lanes::ONE;
  isPreemptive_ = random_.below(2) == 0;
  mixesBlocks_ = random_.below(2) == 0;
}

size_t Schedule::blockOf(size_t count) { return mixesBlocks_ ? random_.below(count) : 0; }

uint64_t Schedule::turnsOfBlock() {
  if (!mixesBlocks_) return ~0ull;
  return 1 + random_.below(random_.below(2) == 0 ? 8 : 1000);
}

void Schedule::beginBlock() {
  for (uint64_t& priority : priorities_) priority = random_.next();
}

unsigned Schedule::warpOf(uint32_t warps) {
  switch (warps_) {
    case Warps::ASCENDING: return lowest(warps);
    case Warps::DESCENDING: return highest(warps);
    case Warps::RANDOM: return laneOf(warps);
    case Warps::PRIORITY: break;
  }
  if (random_.below(64) == 0) priorities_[random_.below(32)] = random_.next();
  unsigned best = lowest(warps);
  for (uint32_t left = warps; left != 0; left &= left - 1) {
    if (priorities_[lowest(left)] > priorities_[best]) best = lowest(left);
  }
  return best;
}

unsigned Schedule::laneOf(uint32_t lanes) {
  for (uint64_t skipped = random_.below(unsigned(__builtin_popcount(lanes))); skipped > 0; skipped--) lanes &= lanes - 1;
  return lowest(lanes);
}

uint32_t Schedule::lanesOf(uint32_t lanes, unsigned lane) {
  if (lanes_ == Lanes::SOME) lanes &= uint32_t(random_.next());
  if (lanes_ == Lanes::ONE) lanes = 0;
  return lanes | 1u << lane;
}

uint64_t Schedule::quantum() {
  if (!isPreemptive_) return ~0ull;
  return 1 + random_.below(random_.below(4) == 0 ? 400 : 8);
}

}  // namespace ptx
