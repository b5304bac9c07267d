// A kernel as the engine takes it, made of its signature.
#pragma once
#include <utility>

#include "engine.h"

namespace emulation {

template <auto FUNCTION>
struct Entry;

template <typename... P, void (*FUNCTION)(P...)>
struct Entry<FUNCTION> {
  static constexpr size_t sizes[] = {sizeof(P)...};

  template <size_t... I>
  static void call(void** parameters, std::index_sequence<I...>) {
    FUNCTION(*(std::remove_const_t<P>*)parameters[I]...);
  }
  static void entry(void** parameters) { call(parameters, std::make_index_sequence<sizeof...(P)>()); }

  static Kernel kernel(const char* name, unsigned maxThreads, unsigned sharedBytes) {
    return {name, sizeof...(P), sizes, maxThreads, sharedBytes, entry};
  }
};

// One of the project's; null if there is none of that name.
const Kernel* findKernel(const char* name);

}  // namespace emulation
