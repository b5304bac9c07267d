// Device memory, pinned host memory, copies.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "state.h"

namespace {

constexpr size_t kAlignment = 256;
constexpr size_t kGap = 1024;  // between allocations, so that a step past one lands in none
constexpr unsigned char kGarbage = 0xff;  // NaN in every floating-point type

void* pointer(CUdeviceptr address) { return reinterpret_cast<void*>(address); }
CUdeviceptr addressOf(const void* p) { return reinterpret_cast<CUdeviceptr>(p); }

void* allocate(size_t bytes, int device) {
  size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, rounded + kGap);
  if (memory) {
    std::memset(memory, kGarbage, rounded);
    state().allocations[addressOf(memory)] = {bytes, device};
  }
  return memory;
}

CUresult release(CUdeviceptr address, bool host) {
  auto found = state().allocations.find(address);
  if (found == state().allocations.end() || (found->second.device < 0) != host) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  releaseAllocation(address);
  return CUDA_SUCCESS;
}

const Allocation* allocationOf(CUdeviceptr address, size_t bytes) {
  auto& allocations = state().allocations;
  auto next = allocations.upper_bound(address);
  if (next == allocations.begin()) {
    return nullptr;
  }
  auto& [start, allocation] = *std::prev(next);
  return address + bytes <= start + allocation.bytes ? &allocation : nullptr;
}

bool isDevice(CUdeviceptr address, size_t bytes) {
  const Allocation* allocation = allocationOf(address, bytes);
  return allocation && allocation->device >= 0;
}

bool isPinned(const void* p, size_t bytes) {
  const Allocation* allocation = allocationOf(addressOf(p), bytes);
  return allocation && allocation->device < 0;
}

std::function<CUresult()> copy(void* to, const void* from, size_t bytes, bool toDevice) {
  return [=] {
    bool live = toDevice ? isDevice(addressOf(to), bytes) : isDevice(addressOf(from), bytes);
    if (!live) {
      return CUDA_ERROR_ILLEGAL_ADDRESS;  // freed since it was enqueued
    }
    std::memmove(to, from, bytes);
    if (toDevice) {
      onWrite(addressOf(to), bytes);
    }
    return CUDA_SUCCESS;
  };
}

// A copy that the host waits for: everything enqueued before is done first.
CUresult copyNow(std::function<CUresult()> action) {
  CUresult result = synchroniseContext();
  return result != CUDA_SUCCESS ? result : action();
}

}  // namespace

void releaseAllocation(CUdeviceptr address) {
  auto found = state().allocations.find(address);
  auto [bytes, device] = found->second;
  if (device >= 0) {
    state().deviceBytes[device] -= bytes;
    onFree(address, bytes);
  }
  std::free(pointer(address));
  state().allocations.erase(found);
}

bool isAllocated(CUdeviceptr address, size_t bytes) { return allocationOf(address, bytes); }

CTC4J_EXPORT CUresult cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
  *address = 0xbad0bad0;  // as on a GPU, a failed allocation leaves garbage
  ENTER_CONTEXT("cuMemAlloc_v2");
  if (spoilsCapture()) {
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  if (bytes == 0) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  int device = currentContext()->device;
  size_t& used = state().deviceBytes[device];
  if (used + bytes > static_cast<size_t>(state().settings.memoryBytes)) {
    return CUDA_ERROR_OUT_OF_MEMORY;
  }
  void* memory = allocate(bytes, device);
  if (!memory) {
    return CUDA_ERROR_OUT_OF_MEMORY;
  }
  used += bytes;
  state().peakDeviceBytes = std::max(state().peakDeviceBytes, used);
  *address = addressOf(memory);
  onAllocate(*address, bytes);
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuMemFree_v2(CUdeviceptr address) {
  ENTER_CONTEXT("cuMemFree_v2");
  if (address == 0) {
    return CUDA_SUCCESS;
  }
  CUresult result = synchroniseContext();
  if (result != CUDA_SUCCESS) {
    return result;
  }
  return release(address, false);
}

CTC4J_EXPORT CUresult cuMemGetInfo_v2(size_t* free, size_t* total) {
  ENTER_CONTEXT("cuMemGetInfo_v2");
  *total = state().settings.memoryBytes;
  size_t used = state().deviceBytes[currentContext()->device];
  *free = *total > used ? *total - used : 0;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuMemHostAlloc(void** memory, size_t bytes, unsigned) {
  *memory = reinterpret_cast<void*>(0xbad0bad0);
  ENTER_CONTEXT("cuMemHostAlloc");
  if (spoilsCapture()) {
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  void* allocated = bytes == 0 ? nullptr : allocate(bytes, -1);
  if (!allocated) {
    return CUDA_ERROR_OUT_OF_MEMORY;
  }
  *memory = allocated;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuMemFreeHost(void* memory) {
  ENTER_CONTEXT("cuMemFreeHost");
  CUresult result = synchroniseContext();
  return result != CUDA_SUCCESS ? result : release(addressOf(memory), true);
}

CTC4J_EXPORT CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* address, void* memory, unsigned) {
  ENTER_CONTEXT("cuMemHostGetDevicePointer_v2");
  *address = addressOf(memory);
  return isPinned(memory, 1) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CTC4J_EXPORT CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
  ENTER_CONTEXT("cuMemcpyHtoD_v2");
  return isDevice(to, bytes) ? copyNow(copy(pointer(to), from, bytes, true))
                             : CUDA_ERROR_INVALID_VALUE;
}

CTC4J_EXPORT CUresult cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
  ENTER_CONTEXT("cuMemcpyDtoH_v2");
  return isDevice(from, bytes) ? copyNow(copy(to, pointer(from), bytes, false))
                               : CUDA_ERROR_INVALID_VALUE;
}

CTC4J_EXPORT CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  ENTER_CONTEXT("cuMemcpyDtoD_v2");
  return isDevice(from, bytes) && isDevice(to, bytes)
             ? copyNow(copy(pointer(to), pointer(from), bytes, true))
             : CUDA_ERROR_INVALID_VALUE;
}

// A GPU would take pageable host memory, too, and then not be asynchronous; it is refused here, so
// that a test fails which uses it.
CTC4J_EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes,
                                           void* stream) {
  ENTER_CONTEXT("cuMemcpyHtoDAsync_v2");
  return isDevice(to, bytes) && isPinned(from, bytes)
             ? enqueue(stream, copy(pointer(to), from, bytes, true))
             : CUDA_ERROR_INVALID_VALUE;
}

CTC4J_EXPORT CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes,
                                           void* stream) {
  ENTER_CONTEXT("cuMemcpyDtoHAsync_v2");
  return isDevice(from, bytes) && isPinned(to, bytes)
             ? enqueue(stream, copy(to, pointer(from), bytes, false))
             : CUDA_ERROR_INVALID_VALUE;
}

CTC4J_EXPORT CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                                           void* stream) {
  ENTER_CONTEXT("cuMemcpyDtoDAsync_v2");
  return isDevice(from, bytes) && isDevice(to, bytes)
             ? enqueue(stream, copy(pointer(to), pointer(from), bytes, true))
             : CUDA_ERROR_INVALID_VALUE;
}

namespace {

template <typename T>
std::function<CUresult()> fill(CUdeviceptr to, T value, size_t count) {
  return [=] {
    if (!isDevice(to, count * sizeof(T))) {
      return CUDA_ERROR_ILLEGAL_ADDRESS;
    }
    std::fill_n(static_cast<T*>(pointer(to)), count, value);
    onWrite(to, count * sizeof(T));
    return CUDA_SUCCESS;
  };
}

template <typename T>
CUresult enqueueFill(CUdeviceptr to, T value, size_t count, void* stream) {
  return isDevice(to, count * sizeof(T)) ? enqueue(stream, fill(to, value, count))
                                         : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

CTC4J_EXPORT CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) {
  ENTER_CONTEXT("cuMemsetD8_v2");
  return enqueueFill(to, value, count, nullptr);
}

CTC4J_EXPORT CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count,
                                      void* stream) {
  ENTER_CONTEXT("cuMemsetD8Async");
  return enqueueFill(to, value, count, stream);
}

CTC4J_EXPORT CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) {
  ENTER_CONTEXT("cuMemsetD32_v2");
  return enqueueFill(to, value, count, nullptr);
}

CTC4J_EXPORT CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count,
                                       void* stream) {
  ENTER_CONTEXT("cuMemsetD32Async");
  return enqueueFill(to, value, count, stream);
}
