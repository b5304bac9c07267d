// Every entry point that JCuda imports. Those that are emulated elsewhere override the weak
// definition here; the others count the call and say that they are not supported.
#include "state.h"

// Called with arguments that are not declared: harmless under the System V calling convention.
#define STUB(name)                                              \
  CTC4J_EXPORT __attribute__((weak)) CUresult name() {          \
    Entry entry(#name);                                         \
    return entry.failed() ? entry.result() : CUDA_ERROR_NOT_SUPPORTED; \
  }
#include "symbols.inc"
#undef STUB
