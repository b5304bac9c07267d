#include "shadow.h"

#include <algorithm>
#include <numeric>

#include "engine.h"

namespace emulation {

namespace {

std::map<char*, Region> allocations;
Region* lastHit;

}  // namespace

namespace {

// Calls visit(i, bits) for the bits from, …, from + n − 1 of the words i, until it says false.
template <typename Visit>
bool eachWord(size_t from, size_t n, Visit visit) {
  while (n > 0) {
    const size_t count = std::min(n, 64 - from % 64);
    if (!visit(from / 64, ~0ull >> (64 - count) << from % 64)) return false;
    from += count;
    n -= count;
  }
  return true;
}

}  // namespace

bool Region::isInitialised(size_t from, size_t n) const {
  return eachWord(from, n, [&](size_t i, uint64_t bits) { return (initialised[i] & bits) == bits; });
}

void Region::setInitialised(size_t from, size_t n, bool on) {
  eachWord(from, n, [&](size_t i, uint64_t bits) {
    if (on) initialised[i] |= bits; else initialised[i] &= ~bits;
    return true;
  });
}

Region* allocationOf(const char* at) {
  if (lastHit && at >= lastHit->base && at < lastHit->base + lastHit->bytes) return lastHit;
  auto after = allocations.upper_bound((char*)at);
  if (after == allocations.begin()) return nullptr;
  Region& region = std::prev(after)->second;
  if (at >= region.base + region.bytes) return nullptr;
  return lastHit = &region;
}

std::string nearestAllocation(const char* at) {
  auto after = allocations.upper_bound((char*)at);
  if (after == allocations.begin()) return "";
  const Region& before = std::prev(after)->second;
  if (at >= before.base + before.bytes + (1 << 20)) return "";
  return ", byte " + std::to_string(at - before.base) + " of an allocation of " + std::to_string(before.bytes);
}

std::string describe(const Region& region, size_t offset, bool isShared) {
  if (isShared) return "shared memory";
  return "byte " + std::to_string(offset) + " of an allocation of " + std::to_string(region.bytes);
}

// ---- clocks -----------------------------------------------------------------------------------------------------------------------

void Intervals::beginLaunch() {
  first_ += uint32_t(blocks_.size());
  blocks_.clear();
}

uint32_t Intervals::next(unsigned block) {
  blocks_.push_back(block);
  return first_ + uint32_t(blocks_.size()) - 1;
}

void Clocks::beginBlock(unsigned block, unsigned threads) {
  block_ = block;
  times_.resize(threads);
  barrier();
}

void Clocks::barrier() {
  interval_ = intervals_.next(block_);
  released_.clear();
  for (Time& time : times_) {
    time.own = 1;
    time.seen.clear();
  }
}

void Clocks::see(std::vector<uint32_t>& mine, const std::vector<uint32_t>& other) const {
  if (other.empty()) return;
  if (mine.empty()) mine.assign(times_.size(), 0);
  for (size_t i = 0; i < mine.size(); i++) mine[i] = std::max(mine[i], other[i]);
}

void Clocks::warpBarrier(unsigned first, uint32_t lanes) {
  std::vector<uint32_t> all(times_.size(), 0);
  for (unsigned lane = 0; lane < 32; lane++) {
    if (!(lanes >> lane & 1)) continue;
    Time& time = times_[first + lane];
    see(all, time.seen);
    all[first + lane] = time.own++;
  }
  for (unsigned lane = 0; lane < 32; lane++) {
    if (lanes >> lane & 1) times_[first + lane].seen = all;
  }
}

void Clocks::release(unsigned thread, const void* counter) {
  std::vector<uint32_t> mine = times_[thread].seen;
  if (mine.empty()) mine.assign(times_.size(), 0);
  mine[thread] = times_[thread].own++;
  see(released_[counter], mine);
}

void Clocks::acquire(unsigned thread, const void* counter) {
  auto found = released_.find(counter);
  if (found != released_.end()) see(times_[thread].seen, found->second);
}

// Whether `access` is no race with what a thread does now.
inline bool Clocks::isBefore(const Access& access, const Access& now, bool isShared) const {
  if ((access.bytes & now.bytes) == 0 || (access.isAtomic && now.isAtomic)) return true;
  if (access.interval != interval_) {
    return isShared || !intervals_.isOfLaunch(access.interval) || intervals_.blockOf(access.interval) == block_;
  }
  if (access.thread == now.thread) return true;
  const auto& seen = times_[now.thread].seen;
  return !seen.empty() && seen[access.thread] >= access.clock;
}

std::string Clocks::touch(Region& region, size_t offset, size_t bytes, Kind kind, bool isShared, unsigned thread, int line) {
  std::string race;
  const bool write = kind == Kind::WRITE || kind == Kind::ATOMIC_WRITE;
  const bool isAtomic = kind == Kind::ATOMIC_READ || kind == Kind::ATOMIC_WRITE;
  Access now = {interval_, times_[thread].own, line, uint16_t(thread), 0, isAtomic};
  for (size_t i = offset & ~size_t(3); i < offset + bytes; i += 4) {
    Word& word = region.word(i);
    now.bytes = 15;
    if (i < offset) now.bytes &= 15 << (offset - i);
    if (i + 4 > offset + bytes) now.bytes &= 15 >> (i + 4 - offset - bytes);
    const Access* other = nullptr;
    if (!isBefore(word.write, now, isShared)) {
      other = &word.write;
    } else if (write && !isBefore(word.read, now, isShared)) {
      other = &word.read;
    } else if (write && !isBefore(word.read2, now, isShared)) {
      other = &word.read2;
    }
    if (other != nullptr) {
      if (race.empty()) race = nameOf(*other, other == &word.write, write) + describe(region, i, isShared);
      word.write = word.read = word.read2 = Access();
    }
    if (write) {
      word.write = now;
    } else {
      if (word.read.thread != now.thread) word.read2 = word.read;
      word.read = now;
    }
  }
  return race;
}

std::string Clocks::nameOf(const Access& first, bool isWrite, bool write) const {
  const char* kind = !write ? "read after write" : isWrite ? "write after write" : "write after read";
  return std::string("race, ") + kind + (first.interval != interval_ ? " of another block" : "") + " by thread " +
         std::to_string(first.thread) + (first.line ? " (line " + std::to_string(first.line) + ")" : "") + ", ";
}

// ---- orders -----------------------------------------------------------------------------------------------------------------------

uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15ull;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

BlockOrder::BlockOrder(unsigned count, bool ascending, Random& random) : count_(count) {
  if (ascending) return;
  first_ = random.below(count);
  step_ = random.below(count) + 1;
  while (std::gcd(step_, count_) != 1) step_++;
}

// ---- engine.h ---------------------------------------------------------------------------------------------------------------------

void registerAllocation(void* base, size_t bytes) {
  allocations.emplace((char*)base, Region((char*)base, bytes));
  lastHit = nullptr;
}

void unregisterAllocation(void* base) {
  allocations.erase((char*)base);
  lastHit = nullptr;
}

namespace {

void mark(void* address, size_t bytes, bool on) {
  if (Region* region = bytes ? allocationOf((char*)address) : nullptr) {
    const size_t offset = (char*)address - region->base;
    region->setInitialised(offset, std::min(bytes, region->bytes - offset), on);
  }
}

}  // namespace

void markInitialised(void* address, size_t bytes) { mark(address, bytes, true); }

void markUninitialised(void* address, size_t bytes) { mark(address, bytes, false); }

bool isInitialised(const void* address, size_t bytes) {
  if (bytes == 0) return true;
  Region* region = allocationOf((const char*)address);
  return region && region->holds((const char*)address, bytes) && region->isInitialised((const char*)address - region->base, bytes);
}

}  // namespace emulation
