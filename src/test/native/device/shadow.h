// What both engines know of memory: what is registered, which bytes of it are initialised, and who touched them last.
//
// Races. An access is ordered before another of the same block if a block barrier lies between, or if a chain of warp barriers or
// of release and acquire leads from one to the other (vector clocks). Shuffles and votes order nothing, as CUDA has it. Of two
// accesses that are not ordered, one of them a write, the second is a race, unless both are atomic. Blocks of a launch are never ordered.
// Of the readers of a word the last two are remembered.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace emulation {

struct Access {
  uint32_t interval = 0;
  uint32_t clock = 0;
  int line = 0;  // of the PTX, or 0
  uint16_t thread = 0;
  uint8_t bytes = 0;  // which of the word's four
  bool isAtomic = false;
};

struct Word {  // 4 bytes
  Access write, read, read2;
};

constexpr size_t PAGE_WORDS = 256;

struct Region {
  char* base;
  size_t bytes;
  std::vector<uint64_t> initialised;           // a bit a byte
  std::vector<std::unique_ptr<Word[]>> pages;  // PAGE_WORDS words each, made when touched

  Region(char* base, size_t bytes)
      : base(base), bytes(bytes), initialised(bytes / 64 + 1), pages(bytes / 4 / PAGE_WORDS + 1) {}

  bool holds(const char* at, size_t n) const { return at >= base && at + n <= base + bytes; }
  Word& word(size_t offset) {
    auto& page = pages[offset / 4 / PAGE_WORDS];
    if (!page) page.reset(new Word[PAGE_WORDS]);
    return page[offset / 4 % PAGE_WORDS];
  }
  bool isInitialised(size_t from, size_t n) const {
    if (from % 64 + n > 64) return areInitialised(from, n);
    const uint64_t bits = bitsOf(from, n);
    return (initialised[from / 64] & bits) == bits;
  }
  void setInitialised(size_t from, size_t n, bool on) {
    if (n == 0) return;
    if (from % 64 + n > 64) return setAllInitialised(from, n, on);
    const uint64_t bits = bitsOf(from, n);
    if (on) initialised[from / 64] |= bits; else initialised[from / 64] &= ~bits;
  }

 private:
  // Of one word of `initialised`.
  static uint64_t bitsOf(size_t from, size_t n) { return n == 0 ? 0 : ~0ull >> (64 - n) << from % 64; }
  bool areInitialised(size_t from, size_t n) const;
  void setAllInitialised(size_t from, size_t n, bool on);
};

extern Region* lastFound;
Region* findAllocation(const char* at);
// The allocation that holds the byte, or null.
inline Region* allocationOf(const char* at) {
  return lastFound && at >= lastFound->base && at < lastFound->base + lastFound->bytes ? lastFound : findAllocation(at);
}
// ", byte 9 of an allocation of 8", if there is one that ends not far before.
std::string nearestAllocation(const char* at);
// "byte 4 of an allocation of 64" or "shared memory"
std::string describe(const Region& region, size_t offset, bool isShared);

// The stretches of blocks between barriers, of which each has a number of its own.
class Intervals {
 public:
  void beginLaunch();
  uint32_t next(unsigned block);
  bool isOfLaunch(uint32_t interval) const { return interval >= first_; }
  // Of an interval of this launch.
  unsigned blockOf(uint32_t interval) const { return blocks_[interval - first_]; }

 private:
  uint32_t first_ = 1;
  std::vector<unsigned> blocks_;  // of this launch's
};

// How an access is made.
enum class Kind { READ, WRITE, ATOMIC_READ, ATOMIC_WRITE };

// The order of what the threads of a block do.
class Clocks {
 public:
  explicit Clocks(Intervals& intervals) : intervals_(intervals) {}

  void beginBlock(unsigned block, unsigned threads);
  // All threads of the block met.
  void barrier();
  // The threads first + i for each bit i of `lanes` met.
  void warpBarrier(unsigned first, uint32_t lanes);
  void release(unsigned thread, const void* counter);
  void acquire(unsigned thread, const void* counter);
  // Notes an access; what it races with, or "".
  std::string touch(Region& region, size_t offset, size_t bytes, Kind kind, bool isShared, unsigned thread, int line = 0);

 private:
  using Times = std::shared_ptr<const std::vector<uint32_t>>;  // of all threads; null: none
  struct Time {
    uint32_t own = 1;  // within the interval
    Times seen;        // those of the others that lie before; lanes that met have them in common
  };

  bool isBefore(const Access& access, const Access& now, bool isShared) const;
  std::string nameOf(const Access& first, bool isWrite, bool write) const;
  // The latest of each thread's.
  std::vector<uint32_t> latest(const Times& one, const Times& other) const;

  Intervals& intervals_;
  unsigned block_ = 0;
  uint32_t interval_ = 0;
  std::vector<Time> times_;
  std::unordered_map<const void*, Times> released_;
};

// Whether `access` is no race with what a thread does now.
inline bool Clocks::isBefore(const Access& access, const Access& now, bool isShared) const {
  if ((access.bytes & now.bytes) == 0 || (access.isAtomic && now.isAtomic)) return true;
  if (access.interval != interval_) {
    return isShared || !intervals_.isOfLaunch(access.interval) || intervals_.blockOf(access.interval) == block_;
  }
  if (access.thread == now.thread) return true;
  const Times& seen = times_[now.thread].seen;
  return seen && (*seen)[access.thread] >= access.clock;
}

inline std::string Clocks::touch(Region& region, size_t offset, size_t bytes, Kind kind, bool isShared, unsigned thread, int line) {
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

// Numbers of a seed: splitmix64.
class Random {
 public:
  explicit Random(uint64_t seed = 0) : state_(seed) {}
  uint64_t next();
  uint64_t below(uint64_t bound) { return next() % bound; }

 private:
  uint64_t state_;
};

// The blocks 0 to count − 1 in an order of the seed's: from a random one on, by a step that has no divisor in common with their number.
class BlockOrder {
 public:
  BlockOrder(unsigned count, bool ascending, Random& random);
  unsigned operator[](uint64_t i) const { return unsigned((first_ + i * step_) % count_); }

 private:
  uint64_t count_, first_ = 0, step_ = 1;
};

}  // namespace emulation
