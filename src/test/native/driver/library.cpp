// What the emulated cuBLAS asks of the driver.
#include "library.h"

#include "../device/engine.h"
#include "state.h"

namespace {

CUdeviceptr addressOf(const void* p) { return reinterpret_cast<CUdeviceptr>(p); }

}  // namespace

CTC4J_EXPORT int emulatorEnter(const char* call) {
  Entry entry(call);
  return entry.result();
}

CTC4J_EXPORT void* emulatorContext() { return currentContext(); }

CTC4J_EXPORT void emulatorHandle(int by) {
  std::lock_guard<std::recursive_mutex> guard(state().lock);
  state().libraryHandles += by;
}

CTC4J_EXPORT bool emulatorSpoilsCapture() {
  std::lock_guard<std::recursive_mutex> guard(state().lock);
  return spoilsCapture();
}

CTC4J_EXPORT int emulatorEnqueue(void* stream, int (*action)(void*), void* data,
                                 void (*release)(void*)) {
  std::lock_guard<std::recursive_mutex> guard(state().lock);
  std::shared_ptr<void> shared(data, release);
  return enqueue(stream, [shared, action] { return action(shared.get()); });
}

CTC4J_EXPORT bool emulatorAllocated(const void* address, size_t bytes) {
  std::lock_guard<std::recursive_mutex> guard(state().lock);
  return isAllocated(addressOf(address), bytes);
}

CTC4J_EXPORT bool emulatorInitialised(const void* address, size_t bytes) {
  return state().settings.checking == 0 || emulation::isInitialised(address, bytes);
}

CTC4J_EXPORT void emulatorWritten(void* address, size_t bytes) {
  onWrite(addressOf(address), bytes);
}

CTC4J_EXPORT void emulatorFound(const char* finding) { state().finding += finding; }
