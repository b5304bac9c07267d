// engine.h on the text of the PTX.
#include "../device/engine.h"

#include <cstring>

#include "machine.h"

namespace emulation {

namespace {

struct Entry : Kernel {
  ptx::Function* function;
  std::vector<size_t> sizes;
};

}  // namespace

struct Program {
  std::unique_ptr<ptx::Module> module;
  std::map<std::string, Entry> entries;
};

namespace {

std::map<std::string, std::unique_ptr<Program>> programs;  // by their text
uint64_t seed;
bool checking = true;
uint64_t executed;  // by the last launch
ptx::Instruction* omitted;
ptx::Instruction original;

std::unique_ptr<Program> programOf(const std::string& text) {
  auto program = std::make_unique<Program>();
  program->module = ptx::parse(text);
  for (auto& [name, function] : program->module->functions) {
    if (!function->isEntry) continue;
    Entry& entry = program->entries[name];
    entry.function = function.get();
    for (const ptx::Parameter& parameter : function->parameters) entry.sizes.push_back(parameter.bytes);
    entry.name = function->name.c_str();
    entry.parameterCount = unsigned(entry.sizes.size());
    entry.parameterSizes = entry.sizes.data();
    entry.maxThreadsPerBlock = function->maxThreads;
    entry.staticSharedBytes = unsigned(function->sharedBytes);
    entry.entry = nullptr;
  }
  return program;
}

// Acts on every function, with a name for its program: of its target and first entry.
template <typename F>
void forEachFunction(F&& act) {
  for (auto& [text, program] : programs) {
    const std::string first = program->entries.empty() ? "" : program->entries.begin()->first;
    const std::string name = program->module->target + "/" + first;
    for (auto& [functionName, function] : program->module->functions) act(name, *function);
  }
}

std::vector<char> copied(const ptx::Function& function, void** parameters) {
  std::vector<char> bytes;
  for (size_t i = 0; i < function.parameters.size(); i++) {
    const ptx::Parameter& parameter = function.parameters[i];
    bytes.resize(parameter.offset + parameter.bytes);
    memcpy(&bytes[parameter.offset], parameters[i], parameter.bytes);
  }
  return bytes;
}

}  // namespace

const Program* loadProgram(const std::string& text, std::string* problem) {
  auto& program = programs[text];
  try {
    if (!program) program = programOf(text);
    return program.get();
  } catch (const ptx::Unsupported& e) {
    programs.erase(text);
    *problem = std::string("the emulator does not run this PTX: ") + e.what() + "\n";
    return nullptr;
  }
}

const Kernel* findKernel(const Program& program, const char* name) {
  auto found = program.entries.find(name);
  return found == program.entries.end() ? nullptr : &found->second;
}

Findings launch(const Kernel& kernel, Dim3 grid, Dim3 block, size_t dynamicSharedBytes, void** parameters) {
  ptx::Function& function = *static_cast<const Entry&>(kernel).function;
  const uint64_t threads = uint64_t(block.x) * block.y * block.z;
  if (block.y != 1 || block.z != 1 || threads == 0 || threads > function.maxThreads || grid.x == 0 || grid.y != 1 || grid.z != 1 ||
      function.sharedBytes > ptx::DYNAMIC_SHARED) {
    return {function.name + ": cannot be launched with a grid of " + std::to_string(grid.x) + ", " + std::to_string(threads) +
            " threads a block and " + std::to_string(dynamicSharedBytes) + " bytes of dynamic shared memory"};
  }
  function.launches++;
  ptx::Machine machine({&function, grid.x, unsigned(threads), dynamicSharedBytes, copied(function, parameters), seed, checking});
  const Findings findings = machine.run();
  executed = machine.executed();
  return findings;
}

void setSeed(uint64_t value) { seed = value; }
void setChecking(bool on) { checking = on; }
void setApproximations(uint64_t value) { ptx::setApproximations(value); }

uint64_t warpInstructions() { return executed; }

std::string coverage() {
  std::string lines;
  forEachFunction([&](const std::string& program, const ptx::Function& function) {
    std::string reached;
    for (const ptx::Instruction& i : function.instructions) reached += i.executed > 0 ? '1' : '0';
    lines += program + " " + function.name + " " + (function.isEntry ? "entry " : "function ") + std::to_string(function.launches) + " " +
             reached + "\n";
  });
  return lines;
}

std::string synchronisations() {
  std::string lines;
  forEachFunction([&](const std::string&, const ptx::Function& function) {
    for (const ptx::Instruction& i : function.instructions) {
      if (!i.synchronises() && &i != omitted) continue;
      lines += function.name + " " + std::to_string(i.line) + " " + i.name + " " + std::to_string(i.executed) + "\n";
    }
  });
  return lines;
}

bool omit(const std::string& functionName, int line) {
  if (omitted) *omitted = original;
  omitted = nullptr;
  forEachFunction([&](const std::string&, ptx::Function& function) {
    if (function.name != functionName) return;
    for (ptx::Instruction& i : function.instructions) {
      if (i.line != line || !i.synchronises()) continue;
      omitted = &i;
      original = i;
      if (i.acquires || i.releases || i.isAtomic) {
        i.acquires = i.releases = i.isAtomic = false;
      } else {  // each thread has its own predicate to itself
        i.action = ptx::Action::OPERATE;
        i.operation = ptx::findOperation("mov.pred");
      }
    }
  });
  return omitted != nullptr;
}

}  // namespace emulation
