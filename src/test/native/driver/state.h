// What the emulated driver knows. One lock guards all of it; kernels run under it, too, so an
// emulated machine does one thing at a time and two runs of a test do the same.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "../device/engine.h"
#include "cuda_abi.h"

// Written to by Emulator.java; see control.cpp.
struct Settings {
  long devices = 1;
  long memoryBytes = 1L << 30;  // of each device
  long driverVersion = 12000;
  long architecture = 80;       // of each device: 10 * major + minor
  long multiprocessors = 4;
  long machineCode = 0;         // whether it is taken
  long initResult = CUDA_SUCCESS;  // of cuInit
  long checking = 1;            // whether the engine checks the kernels' accesses
  long seed = 0;            // of the order in which threads and blocks take their turns
  long approximations = 0;  // of the errors of approximate instructions; 0: none
};

// From `count` matching calls on, the call fails with `result`; once, or for ever and all calls.
struct Fault {
  std::string call;
  long count;
  CUresult result;
  bool lost;
};

// A point in a stream that others can wait for.
struct Marker {
  Stream* stream = nullptr;
  bool reached = false;
  double milliseconds = 0;
};

// One piece of enqueued work: waits for a marker, then acts.
struct Work {
  std::shared_ptr<Marker> wait;
  std::function<CUresult()> action;
};

// Work is not done when it is enqueued but when somebody waits for it: a result that is read, or
// memory that is used again, without the wait that a GPU needs, is wrong here every time.
// Another for each stream that there ever was.
inline unsigned long long nextStreamId() {
  static std::atomic<unsigned long long> last{0};
  return ++last;
}

struct Stream {
  const unsigned long long id = nextStreamId();
  Context* context;
  unsigned flags = 0;
  std::deque<Work> queue;
  std::unique_ptr<Graph> capture;
  bool captureInvalid = false;
};

struct Event {
  std::shared_ptr<Marker> marker;
};

struct Graph {
  std::vector<std::function<CUresult()>> nodes;
};

struct GraphExec {
  std::vector<std::function<CUresult()>> nodes;
};

struct Context {
  int device;
  long retained = 0;
  Stream legacy;  // the default stream
};

struct Function {
  Module* module;
  std::string name;
  const emulation::Kernel* kernel;  // null if the engine has none
  std::vector<size_t> parameterBytes;
  int maxThreads = 1024;
  int dynamicSharedBytes = 48 << 10;
};

struct Module {
  Context* context;
  int architecture;
  std::string ptx;
  const emulation::Program* program;
  std::map<std::string, Function> functions;
};

struct Allocation {
  size_t bytes;
  int device;  // −1: pinned host memory
};

struct State {
  std::recursive_mutex lock;
  Settings settings;
  Settings initial;  // what a reset sets
  bool initialised = false;
  CUresult lost = CUDA_SUCCESS;  // what every call answers since the device was lost
  std::vector<Fault> faults;
  std::map<std::string, long> calls;
  std::map<std::string, long> launches;  // by kernel, counted when they run
  std::map<std::string, long> instructions;  // of warps, by kernel
  std::string finding;                   // what the engine's checks reported
  std::vector<std::unique_ptr<Context>> contexts;
  std::map<CUdeviceptr, Allocation> allocations;
  std::map<int, size_t> deviceBytes;  // allocated
  size_t peakDeviceBytes = 0;
  std::set<Stream*> streams;
  std::set<Event*> events;
  std::set<Module*> modules;
  std::set<Graph*> graphs;
  std::set<GraphExec*> graphExecs;
  long libraryHandles = 0;  // of the emulated cuBLAS

  long hostBytes() const;
  long usedDeviceBytes() const;
  Context* context(int device);
};

State& state();
// As if the process had ended, for its contexts and what was allocated in them.
void forgetContexts();

// The contexts that are current to this thread, the innermost last.
std::vector<Context*>& currentContexts();
Context* currentContext();

// Stands at the head of every entry point: takes the lock, counts, injects faults.
class Entry {
 public:
  explicit Entry(const char* call);
  bool failed() const { return result_ != CUDA_SUCCESS; }
  CUresult result() const { return result_; }

 private:
  std::lock_guard<std::recursive_mutex> guard_;
  CUresult result_ = CUDA_SUCCESS;
};

#define ENTER(call)                             \
  Entry entry(call);                            \
  if (entry.failed()) {                         \
    return entry.result();                      \
  }
#define ENTER_CONTEXT(call)                     \
  ENTER(call)                                   \
  if (!currentContext()) {                      \
    return CUDA_ERROR_INVALID_CONTEXT;          \
  }

// ---- device.cpp ----

// CU_DEVICE_ATTRIBUTE number `which`, the same for every device.
int deviceAttribute(int which);

// ---- streams.cpp ----

// What a handle stands for: null, 1 and 2 are the default stream of the current context.
Stream* streamOf(void* handle);
CUresult enqueue(void* streamHandle, std::function<CUresult()> action);
// Runs all that the context's streams hold; with a capture under way it fails and spoils that.
CUresult synchroniseContext();
// What must not be called while any stream is being captured.
bool spoilsCapture();
void dropWork();

// ---- memory.cpp ----

// Whether [address, address + bytes) lies in one live allocation, of a device or of pinned memory.
bool isAllocated(CUdeviceptr address, size_t bytes);
void releaseAllocation(CUdeviceptr address);

// ---- kernels.cpp: the bridge to the kernel engine ----

void onAllocate(CUdeviceptr address, size_t bytes);
void onFree(CUdeviceptr address, size_t bytes);
// Bytes written other than by a kernel.
void onWrite(CUdeviceptr address, size_t bytes);
// The engine's kernel of that name, with parameters of these sizes; or null.
const emulation::Kernel* kernelOf(const Module& module, const std::string& name,
                                  const std::vector<size_t>& parameterBytes);

struct Extent {
  unsigned x, y, z;
};
// Runs a kernel now; what the checks find is kept in state().finding and fails the launch.
CUresult runKernel(const emulation::Kernel& kernel, Extent grid, Extent block, unsigned sharedBytes,
                   void** arguments);
