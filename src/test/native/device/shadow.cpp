#include "shadow.h"

#include <algorithm>
#include <numeric>

#include "engine.h"

namespace emulation {

namespace {

std::map<char*, Region> allocations;

}  // namespace

Region* lastFound;

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

bool Region::areInitialised(size_t from, size_t n) const {
  return eachWord(from, n, [&](size_t i, uint64_t bits) { return (initialised[i] & bits) == bits; });
}

void Region::setAllInitialised(size_t from, size_t n, bool on) {
  eachWord(from, n, [&](size_t i, uint64_t bits) {
    if (on) initialised[i] |= bits; else initialised[i] &= ~bits;
    return true;
  });
}

Region* findAllocation(const char* at) {
  auto after = allocations.upper_bound((char*)at);
  if (after == allocations.begin()) return nullptr;
  Region& region = std::prev(after)->second;
  if (at >= region.base + region.bytes) return nullptr;
  return lastFound = &region;
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
    time.seen.reset();
  }
}

std::vector<uint32_t> Clocks::latest(const Times& one, const Times& other) const {
  if (!one || !other || one == other) return one ? *one : other ? *other : std::vector<uint32_t>(times_.size(), 0);
  std::vector<uint32_t> all = *one;
  for (size_t i = 0; i < all.size(); i++) all[i] = std::max(all[i], (*other)[i]);
  return all;
}

void Clocks::warpBarrier(unsigned first, uint32_t lanes) {
  std::shared_ptr<std::vector<uint32_t>> all;
  const std::vector<uint32_t>* last = nullptr;  // most have the same
  for (uint32_t left = lanes; left != 0; left &= left - 1) {
    const Times& seen = times_[first + unsigned(__builtin_ctz(left))].seen;
    if (all && seen.get() == last) continue;
    all = std::make_shared<std::vector<uint32_t>>(latest(all, seen));
    last = seen.get();
  }
  for (uint32_t left = lanes; left != 0; left &= left - 1) {
    const unsigned thread = first + unsigned(__builtin_ctz(left));
    (*all)[thread] = times_[thread].own++;
  }
  for (uint32_t left = lanes; left != 0; left &= left - 1) times_[first + unsigned(__builtin_ctz(left))].seen = all;
}

void Clocks::release(unsigned thread, const void* counter) {
  Times& released = released_[counter];
  std::vector<uint32_t> all = latest(times_[thread].seen, released);
  all[thread] = times_[thread].own++;
  released = std::make_shared<const std::vector<uint32_t>>(std::move(all));
}

void Clocks::acquire(unsigned thread, const void* counter) {
  auto found = released_.find(counter);
  if (found == released_.end()) return;
  Times& seen = times_[thread].seen;
  seen = seen ? std::make_shared<const std::vector<uint32_t>>(latest(seen, found->second)) : found->second;
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
  lastFound = nullptr;
}

void unregisterAllocation(void* base) {
  allocations.erase((char*)base);
  lastFound = nullptr;
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
