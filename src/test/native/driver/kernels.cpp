// The bridge to the engine that runs the kernels' source on the host and checks every access.
#include <algorithm>

#include "../device/engine.h"
#include "state.h"

void onAllocate(CUdeviceptr address, size_t bytes) {
  emulation::registerAllocation(reinterpret_cast<void*>(address), bytes);
}

void onFree(CUdeviceptr address, size_t) {
  emulation::unregisterAllocation(reinterpret_cast<void*>(address));
}

void onWrite(CUdeviceptr address, size_t bytes) {
  emulation::markInitialised(reinterpret_cast<void*>(address), bytes);
}

bool hasKernel(const std::string& name, const std::vector<size_t>& parameterBytes) {
  const emulation::Kernel* kernel = emulation::findKernel(name.c_str());
  return kernel && std::equal(parameterBytes.begin(), parameterBytes.end(), kernel->parameterSizes,
                              kernel->parameterSizes + kernel->parameterCount);
}

CUresult runKernel(const std::string& name, Extent grid, Extent block, unsigned sharedBytes,
                   void** arguments) {
  State& s = state();
  s.launches[name]++;
  for (auto fault = s.faults.begin(); fault != s.faults.end(); ++fault) {
    if (fault->call == "kernel" && --fault->count == 0) {
      CUresult result = fault->result;
      s.faults.erase(fault);
      return result;
    }
  }
  emulation::setChecking(s.settings.checking != 0);
  emulation::setSeed(s.settings.seed);
  emulation::Findings found =
      emulation::launch(*emulation::findKernel(name.c_str()), {grid.x, grid.y, grid.z},
                        {block.x, block.y, block.z}, sharedBytes, arguments);
  s.finding += found.text;
  return found.text.empty()  ? CUDA_SUCCESS
         : found.misaligned ? CUDA_ERROR_MISALIGNED_ADDRESS
                            : CUDA_ERROR_ILLEGAL_ADDRESS;
}
