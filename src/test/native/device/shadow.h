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
  bool isInitialised(size_t from, size_t n) const;
  void setInitialised(size_t from, size_t n, bool on);
};

// The allocation that holds the byte, or null.
Region* allocationOf(const char* at);
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
  struct Time {
    uint32_t own = 1;            // within the interval
    std::vector<uint32_t> seen;  // times of the others that lie before; empty: none
  };

  bool isBefore(const Access& access, const Access& now, bool isShared) const;
  std::string nameOf(const Access& first, bool isWrite, bool write) const;
  void see(std::vector<uint32_t>& mine, const std::vector<uint32_t>& other) const;

  Intervals& intervals_;
  unsigned block_ = 0;
  uint32_t interval_ = 0;
  std::vector<Time> times_;
  std::unordered_map<const void*, std::vector<uint32_t>> released_;
};

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
