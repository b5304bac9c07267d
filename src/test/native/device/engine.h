// Runs the project's CUDA kernels on the CPU and checks every access they make. Used by the tests in this folder and by the
// emulated libcuda.so.1. Not thread-safe: one launch at a time in the process (guard it with a lock).
//
// There are two engines: this folder's runs the sources, compiled by g++; that of ../ptx the text of the PTX.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace emulation {

struct Dim3 {
  unsigned x = 1, y = 1, z = 1;
};

struct Kernel {
  const char* name;
  unsigned parameterCount;
  const size_t* parameterSizes;  // bytes of each parameter, as in the kernel's PTX
  unsigned maxThreadsPerBlock;   // __launch_bounds__
  unsigned staticSharedBytes;
  void (*entry)(void** parameters);  // one thread's run of the kernel; for the engine of the sources
};

// A module as the engine runs it; the same for the same text, and for as long as the process lives.
struct Program;
// Null, with the problem, if the engine cannot run that. The engine of the sources takes no notice of the text.
const Program* loadProgram(const std::string& ptx, std::string* problem);
// Null if there is no kernel of that name.
const Kernel* findKernel(const Program& program, const char* name);

struct Findings {
  std::string text;         // empty when nothing was found, else one a line: kernel, block, thread, what, where
  bool misaligned = false;  // whether a misaligned access ended the launch, for which a GPU has an error of its own
};

// Runs the kernel to its end. Each parameters[i] points to a value of parameterSizes[i] bytes, as for cuLaunchKernel.
Findings launch(const Kernel& kernel, Dim3 grid, Dim3 block, size_t dynamicSharedBytes, void** parameters);

// Device memory. Kernels may touch what is registered and nothing else. New allocations are uninitialised. The memory itself
// belongs to the caller and must be readable and writable while it is registered; put a gap between allocations, so that a
// step past the end of one does not land in another.
void registerAllocation(void* base, size_t bytes);
void unregisterAllocation(void* base);
void markInitialised(void* address, size_t bytes);    // after a copy or memset to the device
void markUninitialised(void* address, size_t bytes);  // e.g. to poison a workspace between calls
bool isInitialised(const void* address, size_t bytes);

// Order in which threads and blocks take their turns; 0 is ascending. A right kernel gives the same bits for all.
void setSeed(uint64_t seed);

// How approximate instructions are off by what their specification allows; 0: not at all. For the engine of the PTX.
void setApproximations(uint64_t seed);

// Accesses checked (true, the default) or not (several times faster). Barriers and masks are checked always.
void setChecking(bool on);

// What the engine of the PTX knows of instructions; that of the sources knows none.
uint64_t warpInstructions();  // that the last launch executed, one for each warp or part of a warp
// A line for each function: sm_75/its program's first entry by name, its own name, "entry" or "function", launches, instructions
// executed and all.
std::string coverage();
// A line for each barrier, acquire, release and atomic access: function, line of the PTX, name, how often executed.
std::string synchronisations();
// Leaves that one out until the next call; false if there is none.
bool omit(const std::string& function, int line);

}  // namespace emulation
