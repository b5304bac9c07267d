#include "frame.h"

#include <algorithm>

namespace ptx {

Frame::Frame(const Function& function)
    : function(function),
      registers_(size_t(function.registers) * 32),
      undefined_(function.registers),
      memory_(function.frameBytes * 32),
      undefinedMemory_(function.frameBytes / 4 + 1) {
  for (auto& [r, value] : function.constants) std::fill_n(values(r), 32, value);
}

void Frame::clear() {
  std::fill(undefined_.begin(), undefined_.end(), Undefined{~0u, ~0u});
  undefined_[ZERO] = undefined_[SINK] = {};
  for (auto& constant : function.constants) undefined_[constant.first] = {};
  std::fill(undefinedMemory_.begin(), undefinedMemory_.end(), ~0u);
}

void Frame::define(int r, uint32_t lanes, Undefined how) {
  if (r == SINK) return;
  Undefined& mine = undefined_[r];
  mine.low = (mine.low & ~lanes) | (how.low & lanes);
  mine.high = (mine.high & ~lanes) | (how.high & lanes);
}

uint32_t Frame::truth(int r) {
  const uint64_t* bits = values(r);
  uint32_t lanes = 0;
  for (unsigned lane = 0; lane < 32; lane++) lanes |= uint32_t(bits[lane] & 1) << lane;
  return lanes;
}

uint32_t Frame::lanesWhere(int r, bool (*holds)(uint64_t)) {
  uint32_t lanes = 0;
  for (unsigned lane = 0; lane < 32; lane++) lanes |= uint32_t(holds(values(r)[lane])) << lane;
  return lanes & ~undefined(r).any();
}

// Where the result is undefined because operands are.
Undefined Frame::spread(const Instruction& i) {
  const Undefined a = undefined(i.a), b = undefined(i.b), c = undefined(i.c);
  switch (i.operation->dependence) {
    case Dependence::MOVE: return a;
    case Dependence::LOW_WORDS: {
      const uint32_t lanes = a.low | b.low | c.low | undefined(i.d).low;
      return {lanes, lanes};
    }
    case Dependence::SELECT: {
      const uint32_t first = truth(i.c);
      return {c.any() | (first & a.low) | (~first & b.low), c.any() | (first & a.high) | (~first & b.high)};
    }
    case Dependence::AND_PREDICATE: {
      const uint32_t decided = (~truth(i.a) & ~a.any()) | (~truth(i.b) & ~b.any());
      const uint32_t lanes = (a.any() | b.any()) & ~decided;
      return {lanes, lanes};
    }
    case Dependence::OR_PREDICATE: {
      const uint32_t decided = (truth(i.a) & ~a.any()) | (truth(i.b) & ~b.any());
      const uint32_t lanes = (a.any() | b.any()) & ~decided;
      return {lanes, lanes};
    }
    case Dependence::AND_WORDS: {
      auto isLowZero = [](uint64_t x) { return uint32_t(x) == 0; };
      auto isHighZero = [](uint64_t x) { return x >> 32 == 0; };
      return {(a.low | b.low) & ~(lanesWhere(i.a, isLowZero) | lanesWhere(i.b, isLowZero)),
              (a.high | b.high) & ~(lanesWhere(i.a, isHighZero) | lanesWhere(i.b, isHighZero))};
    }
    case Dependence::SHIFT_LEFT: {
      const uint32_t byWords = lanesWhere(i.b, [](uint64_t x) { return uint32_t(x) >= 32; });
      const uint32_t other = (a.any() | b.any()) & ~byWords;
      return {other, other | (a.low & byWords)};
    }
    case Dependence::SHIFT_RIGHT: {
      const uint32_t byWords = lanesWhere(i.b, [](uint64_t x) { return uint32_t(x) >= 32; });
      const uint32_t other = (a.any() | b.any()) & ~byWords;
      return {other | (a.high & byWords), other | (a.high & byWords)};
    }
    case Dependence::ALL: break;
  }
  const uint32_t lanes = a.any() | b.any() | c.any() | undefined(i.d).any();
  return {lanes, lanes};
}

void Frame::operate(const Instruction& i, uint32_t lanes) {
  Undefined how;
  if ((undefined(i.a).any() | undefined(i.b).any() | undefined(i.c).any() | undefined(i.d).any()) & lanes) how = spread(i);
  Operands operands{values(i.to), values(i.a), values(i.b), values(i.c), values(i.d)};
  i.operation->apply(operands, lanes);
  how.low |= operands.undefined;
  how.high |= operands.undefined;
  define(i.to, lanes, how);
}

namespace {

uint64_t maskOf(unsigned bytes) { return ~0ull >> (64 - 8 * bytes); }

// Whether part `index` lies in the upper of two words.
bool isHigh(const Instruction& i, size_t index) { return index * i.bytes >= 4; }

}  // namespace

void Frame::pack(const Instruction& i, uint32_t lanes) {
  uint64_t packed[32] = {};
  Undefined how;
  for (size_t part = 0; part < i.parts.size(); part++) {
    const uint64_t* from = values(i.parts[part]);
    for (unsigned lane = 0; lane < 32; lane++) packed[lane] |= (from[lane] & maskOf(i.bytes)) << (8 * i.bytes * part);
    (isHigh(i, part) ? how.high : how.low) |= undefined(i.parts[part]).any();
  }
  if (i.bytes * i.parts.size() <= 4) how.high = how.low;
  uint64_t* to = values(i.to);
  for (unsigned lane = 0; lane < 32; lane++) {
    if (lanes >> lane & 1) to[lane] = packed[lane];
  }
  define(i.to, lanes, how);
}

void Frame::unpack(const Instruction& i, uint32_t lanes) {
  uint64_t packed[32];
  std::copy_n(values(i.a), 32, packed);
  const Undefined from = undefined(i.a);
  for (size_t part = 0; part < i.parts.size(); part++) {
    uint64_t* to = values(i.parts[part]);
    for (unsigned lane = 0; lane < 32; lane++) {
      if (lanes >> lane & 1) to[lane] = packed[lane] >> (8 * i.bytes * part) & maskOf(i.bytes);
    }
    const uint32_t undefinedLanes = isHigh(i, part) ? from.high : from.low;
    define(i.parts[part], lanes, {undefinedLanes, undefinedLanes});
  }
}

Frame* FramePool::take(const Function& function) {
  auto& free = free_[&function];
  if (free.empty()) {
    all_.push_back(std::make_unique<Frame>(function));
    free.push_back(all_.back().get());
  }
  Frame* frame = free.back();
  free.pop_back();
  frame->clear();
  return frame;
}

}  // namespace ptx
