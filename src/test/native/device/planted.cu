// Kernels with one error each; device_test.cpp expects the engine to name it. `ints` has 64 initialised ints, `fresh` 64
// uninitialised ones; blocks have 64 threads.
#define CTC_EMULATION
#include "../../../../kernels/ctc.cuh"
#include "kernels.h"

extern __shared__ char dynamicShared[];

#define PLANT(NAME) extern "C" __global__ void NAME(int* ints, int* fresh, int64_t)

PLANT(planted_nothing) {
  static __shared__ int data[64];
  static __shared__ int counter;
  const int i = threadIdx.x;
  if (i == 0) counter = 0;
  data[i] = i;
  __syncthreads();
  int sum = data[63 - i] + ints[i];
  sum += __shfl_xor_sync(~0u, sum, 1);
  if (i < 32) {
    ((int*)dynamicShared)[i] = i;
    __syncwarp();
    sum += ((int*)dynamicShared)[31 - i];
    __syncwarp();
    if (i == 31) emulation::release(&counter, 1);
  } else {
    emulation::acquire(&counter, 1);
    sum += ((int*)dynamicShared)[i - 32];
  }
  if (blockIdx.x == 0) fresh[i] = sum;
}
PLANT(planted_shared_race) {
  static __shared__ int data[64];
  data[threadIdx.x] = 0;
  __syncthreads();
  data[threadIdx.x] = 1;
  ints[0] + data[63 - threadIdx.x] == 12345 ? (void)(ints[1] = 0) : (void)0;
}
PLANT(planted_global_race) { if (blockIdx.x == 0) ints[threadIdx.x / 2] = 1; }
PLANT(planted_race_of_blocks) { ints[threadIdx.x] = blockIdx.x; }
PLANT(planted_race_across_shuffle) {
  static __shared__ int data[64];
  data[threadIdx.x] = 1;
  __shfl_xor_sync(~0u, 1, 1);
  fresh[blockIdx.x * 0 + threadIdx.x] = data[threadIdx.x ^ 1];
}
PLANT(planted_read_past_end) { if (ints[threadIdx.x + 1] == 77) ints[0] = 1; }
PLANT(planted_write_before) { ints[int(threadIdx.x) - 1 - 63 * int(blockIdx.x)] = 1; }
PLANT(planted_uninitialised_global) { if (fresh[threadIdx.x] == 77) ints[0] = 1; }
PLANT(planted_uninitialised_shared) { if (dynamicShared[threadIdx.x] == 77) ints[0] = 1; }
PLANT(planted_divergent_barrier) {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}
PLANT(planted_missed_barrier) {  // thread 40 waits for a counter that thread 0 sets behind the barrier
  static __shared__ int counter;
  if (threadIdx.x == 0) counter = 0;
  __syncthreads();
  if (threadIdx.x == 40) emulation::acquire(&counter, 1);
  __syncthreads();
  if (threadIdx.x == 0) emulation::release(&counter, 1);
}
PLANT(planted_wrong_mask) { __shfl_sync(threadIdx.x % 32 < 16 ? 0x0000ffffu : 0xffffffffu, 1, 0); }
PLANT(planted_exited_lane) {
  if (threadIdx.x == 5) return;
  __shfl_sync(~0u, 1, 0);
}
PLANT(planted_endless_wait) {
  static __shared__ int counter;
  if (threadIdx.x == 0) counter = 0;
  __syncthreads();
  if (threadIdx.x == 1) emulation::acquire(&counter, 1);
}

// Misaligned accesses: at argument `offset` of memory that is aligned. A packet's go the way of the kernels' own.
template <typename V>
V loadAt(const char* at) { return *(const V*)at; }
template <>
Packet<float> loadAt(const char* at) { return loadPacket((const float*)at); }
template <typename V>
void storeAt(char* at, const V& value) { *(V*)at = value; }
template <>
void storeAt(char* at, const Packet<float>& value) { storePacket((float*)at, value); }

#define PLANT_AT(NAME, TYPE)                                                                             \
  extern "C" __global__ void planted_##NAME##_read_global(int* ints, int* fresh, int64_t offset) {       \
    if (blockIdx.x > 0 || threadIdx.x > 0) return;                                                       \
    const TYPE value = loadAt<TYPE>((char*)ints + offset);                                               \
    memcpy(fresh, &value, sizeof value);                                                                 \
  }                                                                                                      \
  extern "C" __global__ void planted_##NAME##_write_global(int* ints, int*, int64_t offset) {            \
    if (blockIdx.x == 0 && threadIdx.x == 0) storeAt<TYPE>((char*)ints + offset, TYPE());                \
  }                                                                                                      \
  extern "C" __global__ void planted_##NAME##_read_shared(int*, int* fresh, int64_t offset) {            \
    static __shared__ Packet<int> data[2];                                                               \
    if (blockIdx.x > 0 || threadIdx.x > 0) return;                                                       \
    data[0] = data[1] = Packet<int>();                                                                   \
    const TYPE value = loadAt<TYPE>((char*)data + offset);                                               \
    memcpy(fresh, &value, sizeof value);                                                                 \
  }                                                                                                      \
  extern "C" __global__ void planted_##NAME##_write_shared(int*, int*, int64_t offset) {                 \
    static __shared__ Packet<int> data[2];                                                               \
    if (blockIdx.x == 0 && threadIdx.x == 0) storeAt<TYPE>((char*)data + offset, TYPE());                \
  }
PLANT_AT(int16, int16_t)
PLANT_AT(int32, int32_t)
PLANT_AT(int64, int64_t)
PLANT_AT(emission, Emission)
PLANT_AT(float4, float4)
PLANT_AT(packet, Packet<float>)

const emulation::Kernel* plantedKernel(const char* name) {
#define KERNEL(NAME) emulation::Entry<&NAME>::kernel(#NAME, 1024, 256)
#define AT(NAME)                                                              \
  KERNEL(planted_##NAME##_read_global), KERNEL(planted_##NAME##_write_global), \
      KERNEL(planted_##NAME##_read_shared), KERNEL(planted_##NAME##_write_shared)
  static const emulation::Kernel kernels[] = {
      KERNEL(planted_nothing),           KERNEL(planted_shared_race),          KERNEL(planted_global_race),
      KERNEL(planted_race_of_blocks),    KERNEL(planted_race_across_shuffle),  KERNEL(planted_read_past_end),
      KERNEL(planted_write_before),      KERNEL(planted_uninitialised_global), KERNEL(planted_uninitialised_shared),
      KERNEL(planted_divergent_barrier), KERNEL(planted_missed_barrier),       KERNEL(planted_wrong_mask),
      KERNEL(planted_exited_lane),       KERNEL(planted_endless_wait),
      AT(int16), AT(int32), AT(int64), AT(emission), AT(float4), AT(packet)};
  for (const auto& kernel : kernels) {
    if (strcmp(kernel.name, name) == 0) return &kernel;
  }
  return nullptr;
}
