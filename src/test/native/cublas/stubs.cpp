// Every entry point that JCuda's cuBLAS library imports. Those that are emulated in cublas.cpp
// override the weak definition here; the others count the call and say that they are not supported.
#include "../driver/library.h"

// Called with arguments that are not declared: harmless under the System V calling convention.
#define STUB(name)                                   \
  CTC4J_EXPORT __attribute__((weak)) int name() {    \
    int failure = emulatorEnter(#name);              \
    return failure ? failure : 15;                   \
  }
#include "symbols.inc"
#undef STUB
