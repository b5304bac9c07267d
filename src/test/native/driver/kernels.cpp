// The bridge to the engine that runs the kernels on the host and checks every access.
#include <algorithm>
#include <numeric>

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

const emulation::Kernel* kernelOf(const Module& module, const std::string& name,
                                  const std::vector<size_t>& parameterBytes) {
  const emulation::Kernel* kernel = emulation::findKernel(*module.program, name.c_str());
  bool fits = kernel && std::equal(parameterBytes.begin(), parameterBytes.end(),
                                   kernel->parameterSizes,
                                   kernel->parameterSizes + kernel->parameterCount);
  return fits ? kernel : nullptr;
}

CUresult runKernel(const emulation::Kernel& kernel, Extent grid, Extent block,
                   unsigned sharedBytes, void** arguments) {
  State& s = state();
  long launches = std::accumulate(s.launches.begin(), s.launches.end(), 0L,
                                  [](long sum, auto& launched) { return sum + launched.second; });
  s.launches[kernel.name]++;
  for (auto fault = s.faults.begin(); fault != s.faults.end(); ++fault) {
    if (fault->call == "kernel" && --fault->count == 0) {
      CUresult result = fault->result;
      s.faults.erase(fault);
      return result;
    }
  }
  emulation::setChecking(s.settings.checking != 0);
  emulation::setApproximations(s.settings.approximations);
  // each launch in an order of its own
  emulation::setSeed(s.settings.seed == 0 ? 0 : s.settings.seed + launches);
  emulation::Findings found =
      emulation::launch(kernel, {grid.x, grid.y, grid.z}, {block.x, block.y, block.z}, sharedBytes,
                        arguments);
  s.instructions[kernel.name] += emulation::warpInstructions();
  s.finding += found.text;
  return found.text.empty()  ? CUDA_SUCCESS
         : found.misaligned ? CUDA_ERROR_MISALIGNED_ADDRESS
                            : CUDA_ERROR_ILLEGAL_ADDRESS;
}
