// What a .cu file needs to be compiled by g++ and run by engine.cpp: CUDA's keywords, variables and device functions.
//
// Compile with -fsanitize=thread,alignment and link without libtsan and libubsan: the compiler then reports every access to memory to
// engine.cpp, and those whose address does not suit their type once more. With it -fno-threadsafe-statics (their guards are atomics of libtsan's), -fno-strict-aliasing (memory is reused under other types, as on the
// device) and -O1 (-O2 may load speculatively what the source would not). `run` has the lines.
// Kernels keep to static shared memory (`static __shared__ T x;` in the kernel itself) or `extern __shared__ char dynamicShared[]`.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "engine.h"

#define __device__
#define __host__
#define __global__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __shared__ __attribute__((section("emulated_shared")))
#define CTC_INFINITY __builtin_inff()

namespace emulation {

struct Self {
  Dim3 thread, block, blockDim, gridDim;
};
extern Self self;

enum class Warp { SHUFFLE, VOTE, SYNC };

void syncThreads(int line);
int syncThreadsCount(bool predicate, int line);
// Deposits `value`; returns what lane `source` deposited, for SHUFFLE, or the mask of lanes with a value that is not 0, for VOTE.
uint64_t warp(Warp operation, unsigned mask, uint64_t value, int source, int line);
// A shared counter that orders: what the writer did before is seen by who waits for it.
void release(int* counter, int value);
void acquire(int* counter, int atLeast);
// A word of 8 bytes that blocks may write and read at the same time.
uint64_t loadRelaxed(const void* at);
void storeRelaxed(void* at, uint64_t value);
// Returns at once if the word is another by now; else when somebody has written it.
void awaitChange(const void* at, uint64_t from);
unsigned incrementUpTo(unsigned* at, unsigned most);

inline float halfToFloat(uint16_t bits) {
  _Float16 h;
  memcpy(&h, &bits, 2);
  return float(h);
}
inline uint16_t floatToHalf(float x) {
  const _Float16 h = _Float16(x);
  uint16_t bits;
  memcpy(&bits, &h, 2);
  return bits;
}

template <typename To, typename From>
inline To bitsOf(From from) {
  static_assert(sizeof(To) == sizeof(From), "");
  return __builtin_bit_cast(To, from);
}

template <typename T>
inline T shuffle(unsigned mask, T value, int source, int line) {
  uint64_t bits = 0;
  memcpy(&bits, &value, sizeof value);
  bits = warp(Warp::SHUFFLE, mask, bits, source, line);
  memcpy(&value, &bits, sizeof value);
  return value;
}
inline int laneIndex() { return self.thread.x % 32; }  // blocks are one-dimensional

}  // namespace emulation

extern __shared__ char dynamicShared[];

#define threadIdx emulation::self.thread
#define blockIdx emulation::self.block
#define blockDim emulation::self.blockDim
#define gridDim emulation::self.gridDim

struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

#define __syncthreads() emulation::syncThreads(__LINE__)
#define __syncthreads_or(p) (emulation::syncThreadsCount(p, __LINE__) != 0)
#define __syncthreads_and(p) (emulation::syncThreadsCount(!(p), __LINE__) == 0)
#define __syncthreads_count(p) emulation::syncThreadsCount(p, __LINE__)

inline void __syncwarp(unsigned mask = ~0u, int line = __builtin_LINE()) {
  emulation::warp(emulation::Warp::SYNC, mask, 0, 0, line);
}
template <typename T>
inline T __shfl_sync(unsigned mask, T v, int source, int line = __builtin_LINE()) {
  return emulation::shuffle(mask, v, source & 31, line);
}
template <typename T>
inline T __shfl_xor_sync(unsigned mask, T v, int bits, int line = __builtin_LINE()) {
  return emulation::shuffle(mask, v, emulation::laneIndex() ^ bits, line);
}
template <typename T>
inline T __shfl_up_sync(unsigned mask, T v, unsigned by, int line = __builtin_LINE()) {
  const int lane = emulation::laneIndex();
  return emulation::shuffle(mask, v, lane < int(by) ? lane : lane - int(by), line);
}
template <typename T>
inline T __shfl_down_sync(unsigned mask, T v, unsigned by, int line = __builtin_LINE()) {
  const int lane = emulation::laneIndex();
  return emulation::shuffle(mask, v, lane + int(by) > 31 ? lane : lane + int(by), line);
}
inline unsigned __ballot_sync(unsigned mask, bool p, int line = __builtin_LINE()) {
  return unsigned(emulation::warp(emulation::Warp::VOTE, mask, p, 0, line));
}
inline bool __any_sync(unsigned mask, bool p, int line = __builtin_LINE()) { return __ballot_sync(mask, p, line) != 0; }
inline bool __all_sync(unsigned mask, bool p, int line = __builtin_LINE()) { return __ballot_sync(mask, !p, line) == 0; }

inline float __int_as_float(int x) { return emulation::bitsOf<float>(x); }
inline int __float_as_int(float x) { return emulation::bitsOf<int>(x); }
inline float __uint_as_float(unsigned x) { return emulation::bitsOf<float>(x); }
inline unsigned __float_as_uint(float x) { return emulation::bitsOf<unsigned>(x); }
inline double __longlong_as_double(long long x) { return emulation::bitsOf<double>(x); }
inline long long __double_as_longlong(double x) { return emulation::bitsOf<long long>(x); }
// Never fused; nothing is here, for want of -mfma.
inline double __dmul_rn(double a, double b) { return a * b; }
inline double __dadd_rn(double a, double b) { return a + b; }
inline unsigned atomicInc(unsigned* at, unsigned most) { return emulation::incrementUpTo(at, most); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(unsigned(x)); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
template <typename T>
inline T __ldg(const T* p) { return *p; }
template <typename T>
inline T max(T a, T b) { return a > b ? a : b; }
template <typename T>
inline T min(T a, T b) { return a < b ? a : b; }
