// A module's PTX, ready to be run.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "operations.h"

namespace ptx {

// Where dynamic shared memory begins: past all that a kernel may have by itself.
constexpr size_t DYNAMIC_SHARED = 48 << 10;

enum class Action : uint8_t {
  OPERATE,  // register to register: `operation`
  PACK,
  UNPACK,
  BRANCH,
  CALL,
  RETURN,
  LOAD,
  STORE,
  BARRIER,
  WARP_BARRIER,
  SHUFFLE,
  VOTE,
  INCREMENT,
  COPY_ASYNC,
  COMMIT_GROUP,
  WAIT_GROUP,
};

// FRAME: the parameters of functions, in the frame of their caller or their own.
enum class Space : uint8_t { GENERIC, GLOBAL, SHARED, PARAMETERS, FRAME };
enum class Shuffle : uint8_t { BFLY, UP, DOWN, IDX };
// Of a barrier or a vote.
enum class Reduction : uint8_t { NONE, OR, AND, BALLOT };

// Registers that every function has: a 0, what nobody reads, and the special ones.
enum : int { ZERO, SINK, TID, NTID, CTAID, NCTAID, LANEID, FIRST_FREE };

struct Function;

struct Instruction {
  Action action = Action::OPERATE;
  const Operation* operation = nullptr;
  std::string name;  // with its modifiers
  int line = 0;
  int predicate = -1;  // the register that guards it
  bool negated = false;
  int to = SINK, a = ZERO, b = ZERO, c = ZERO, d = ZERO;  // registers; constants are such, too
  std::vector<int> parts;                                 // of a vector
  Space space = Space::GENERIC;
  uint8_t bytes = 0;  // each
  bool isSigned = false, acquires = false, releases = false;
  bool isAtomic = false;  // relaxed: whole for all of the device, and not ordered with anything else
  bool polls = false;     // reads what others may be about to write: acquires, is atomic or volatile
  int64_t offset = 0;  // of an address; in the frame, the address; of WAIT_GROUP, how many may be under way
  int64_t fromOffset = 0;  // of COPY_ASYNC: of the address that is read
  Shuffle shuffle = Shuffle::BFLY;
  Reduction reduction = Reduction::NONE;
  int target = -1;  // of a branch
  const Function* callee = nullptr;
  std::vector<int64_t> arguments;  // where they lie in the frame
  int64_t result = -1;
  uint64_t executed = 0;  // by warps

  bool endsFunction() const { return predicate < 0 && (action == Action::RETURN || action == Action::BRANCH); }
  bool synchronises() const {
    return action == Action::BARRIER || action == Action::WARP_BARRIER || acquires || releases || isAtomic;
  }
};

struct Parameter {
  std::string name;
  size_t bytes = 0;
  size_t offset = 0;
};

struct Function {
  std::string name;
  bool isEntry = false;
  std::vector<Instruction> instructions;
  std::vector<Parameter> parameters;
  Parameter result;
  int registers = FIRST_FREE;
  std::vector<std::pair<int, uint64_t>> constants;  // registers and what they hold
  size_t frameBytes = 0;
  size_t sharedBytes = 0;
  unsigned maxThreads = 1024;
  uint64_t launches = 0;
};

struct Module {
  std::string target;  // sm_75
  std::map<std::string, std::unique_ptr<Function>> functions;
};

// What cannot be run: "line 12: …".
struct Unsupported : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::unique_ptr<Module> parse(const std::string& text);

}  // namespace ptx
