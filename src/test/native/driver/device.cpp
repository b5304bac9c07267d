// Initialisation, devices and primary contexts.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "state.h"

namespace {

bool valid(CUdevice device) {
  return state().initialised && device >= 0 && device < state().settings.devices;
}

}  // namespace

// As of an A100 where they do not depend on the settings.
int deviceAttribute(int which) {
  long architecture = state().settings.architecture;
  switch (which) {
    case 1: return 1024;  // MAX_THREADS_PER_BLOCK
    case 2: case 3: return 1024;  // MAX_BLOCK_DIM_X, _Y
    case 4: return 64;
    case 5: return 0x7fffffff;  // MAX_GRID_DIM_X
    case 6: case 7: return 65535;
    case 8: return 48 << 10;  // MAX_SHARED_MEMORY_PER_BLOCK
    case 10: return 32;  // WARP_SIZE
    case 12: return 65536;  // MAX_REGISTERS_PER_BLOCK
    case 13: return 1410000;  // CLOCK_RATE
    case 16: return static_cast<int>(state().settings.multiprocessors);
    case 38: return 1 << 20;  // L2_CACHE_SIZE: less, for those who write it over between runs
    case 39: return 2048;  // MAX_THREADS_PER_MULTIPROCESSOR
    case 41: return 1;  // UNIFIED_ADDRESSING
    case 75: return static_cast<int>(architecture / 10);
    case 76: return static_cast<int>(architecture % 10);
    case 81: return 164 << 10;  // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
    case 97: return (architecture >= 80 ? 163 : 64) << 10;  // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    default: return 0;
  }
}

namespace {

struct ErrorText {
  CUresult code;
  const char* name;
  const char* text;
};

const ErrorText kErrors[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {CUDA_ERROR_INVALID_IMAGE, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU",
     "no kernel image is available for execution on the device"},
    {CUDA_ERROR_INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
     "the provided PTX was compiled with an unsupported toolchain."},
    {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {CUDA_ERROR_NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
    {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS",
     "an illegal memory access was encountered"},
    {CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES",
     "too many resources requested for launch"},
    {CUDA_ERROR_MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {CUDA_ERROR_NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
     "operation not permitted when stream is capturing"},
    {CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
     "operation failed due to a previous error during capture"},
    {CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED",
     "capture was not ended in the same stream as it began"},
    {CUDA_ERROR_UNKNOWN, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

const ErrorText* errorText(CUresult code) {
  auto found = std::find_if(std::begin(kErrors), std::end(kErrors),
                            [code](const ErrorText& error) { return error.code == code; });
  return found == std::end(kErrors) ? nullptr : found;
}

}  // namespace

CTC4J_EXPORT CUresult cuGetErrorName(CUresult code, const char** name) {
  const ErrorText* error = errorText(code);
  *name = error ? error->name : nullptr;
  return error ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CTC4J_EXPORT CUresult cuGetErrorString(CUresult code, const char** text) {
  const ErrorText* error = errorText(code);
  *text = error ? error->text : nullptr;
  return error ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CTC4J_EXPORT CUresult cuInit(unsigned) {
  ENTER("cuInit");
  if (state().settings.initResult != CUDA_SUCCESS) {
    return static_cast<CUresult>(state().settings.initResult);
  }
  if (state().settings.devices == 0) {
    return CUDA_ERROR_NO_DEVICE;
  }
  state().initialised = true;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuDriverGetVersion(int* version) {
  ENTER("cuDriverGetVersion");
  *version = static_cast<int>(state().settings.driverVersion);
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuDeviceGetCount(int* count) {
  ENTER("cuDeviceGetCount");
  *count = static_cast<int>(state().settings.devices);
  return state().initialised ? CUDA_SUCCESS : CUDA_ERROR_NOT_INITIALIZED;
}

CTC4J_EXPORT CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  ENTER("cuDeviceGet");
  if (!valid(ordinal)) {
    return CUDA_ERROR_INVALID_DEVICE;
  }
  *device = ordinal;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
  ENTER("cuDeviceGetName");
  if (!valid(device)) {
    return CUDA_ERROR_INVALID_DEVICE;
  }
  std::snprintf(name, length, "Emulated GPU %d", device);
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice device) {
  ENTER("cuDeviceGetUuid");
  if (!valid(device)) {
    return CUDA_ERROR_INVALID_DEVICE;
  }
  std::memset(uuid, 0, sizeof *uuid);
  uuid->bytes[15] = static_cast<char>(device + 1);
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
  ENTER("cuDeviceTotalMem_v2");
  *bytes = state().settings.memoryBytes;
  return valid(device) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CTC4J_EXPORT CUresult cuDeviceGetAttribute(int* value, int which, CUdevice device) {
  ENTER("cuDeviceGetAttribute");
  *value = deviceAttribute(which);
  return valid(device) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CTC4J_EXPORT CUresult cuDevicePrimaryCtxRetain(Context** context, CUdevice device) {
  ENTER("cuDevicePrimaryCtxRetain");
  if (!valid(device)) {
    return CUDA_ERROR_INVALID_DEVICE;
  }
  *context = state().context(device);
  (*context)->retained++;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  ENTER("cuDevicePrimaryCtxRelease_v2");
  if (!valid(device) || state().context(device)->retained == 0) {
    return CUDA_ERROR_INVALID_CONTEXT;
  }
  state().context(device)->retained--;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active) {
  ENTER("cuDevicePrimaryCtxGetState");
  *flags = 0;
  *active = state().context(device)->retained > 0;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuCtxPushCurrent_v2(Context* context) {
  ENTER("cuCtxPushCurrent_v2");
  if (!context || context->retained == 0) {
    return CUDA_ERROR_INVALID_CONTEXT;
  }
  currentContexts().push_back(context);
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuCtxPopCurrent_v2(Context** context) {
  ENTER("cuCtxPopCurrent_v2");
  if (currentContexts().empty()) {
    return CUDA_ERROR_INVALID_CONTEXT;
  }
  *context = currentContexts().back();
  currentContexts().pop_back();
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuCtxSetCurrent(Context* context) {
  ENTER("cuCtxSetCurrent");
  auto& stack = currentContexts();
  if (!stack.empty()) {
    stack.pop_back();
  }
  if (context) {
    stack.push_back(context);
  }
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuCtxGetCurrent(Context** context) {
  ENTER("cuCtxGetCurrent");
  *context = currentContext();
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuCtxGetDevice(CUdevice* device) {
  ENTER_CONTEXT("cuCtxGetDevice");
  *device = currentContext()->device;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuCtxSynchronize() {
  ENTER_CONTEXT("cuCtxSynchronize");
  return synchroniseContext();
}
