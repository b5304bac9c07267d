// What instructions do that read registers and write one.
#pragma once
#include <cstdint>
#include <string>

namespace ptx {

// Where generic addresses are none of global memory.
constexpr uint64_t SHARED_WINDOW = 0x7000000000000000;
constexpr uint64_t PARAMETER_WINDOW = 0x7100000000000000;

struct Operands {
  uint64_t* to;  // 32 lanes each; what is narrower than 64 bits lies in the low ones
  const uint64_t *a, *b, *c, *d;
  uint32_t undefined = 0;  // lanes whose result the ISA leaves open
};

// How a result depends on operands of which some are undefined.
enum class Dependence : uint8_t { ALL, MOVE, SELECT, AND_PREDICATE, OR_PREDICATE, AND_WORDS, SHIFT_LEFT, SHIFT_RIGHT, LOW_WORDS };

struct Operation {
  void (*apply)(Operands& operands, uint32_t lanes);
  Dependence dependence = Dependence::ALL;
};

// By its name with all modifiers; null if there is none.
const Operation* findOperation(const std::string& name);

// 0: approximate instructions are exact; else they are off by what the ISA allows, each operand in its own way.
void setApproximations(uint64_t seed);

}  // namespace ptx
