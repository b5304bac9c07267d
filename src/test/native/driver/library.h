// What a library on top of the driver, the emulated cuBLAS, asks of it: exported by the emulated libcuda.so.1.
#pragma once

#include "cuda_abi.h"

// Counts the call; 0, or the result of a fault that was set for it or of a device that was lost.
CTC4J_EXPORT int emulatorEnter(const char* call);
// The context that is current to this thread, or null.
CTC4J_EXPORT void* emulatorContext();
// A handle of the library was made (1) or given back (−1).
CTC4J_EXPORT void emulatorHandle(int by);
// Whether a stream is being captured; if so that is spoilt.
CTC4J_EXPORT bool emulatorSpoilsCapture();
// Enqueues action(data), which may run several times or never; data is released after the last.
CTC4J_EXPORT int emulatorEnqueue(void* stream, int (*action)(void*), void* data,
                                 void (*release)(void*));
// Whether [address, address + bytes) lies in one live allocation.
CTC4J_EXPORT bool emulatorAllocated(const void* address, size_t bytes);
// Whether all of it was written; true if accesses are not checked.
CTC4J_EXPORT bool emulatorInitialised(const void* address, size_t bytes);
CTC4J_EXPORT void emulatorWritten(void* address, size_t bytes);
// Reports what is wrong with an access.
CTC4J_EXPORT void emulatorFound(const char* finding);
