// Modules, functions and launches. The PTX decides what can be loaded and called, as on a GPU: its
// version, its target, the names of its entry points and the sizes of their parameters. What runs
// is up to the engine: that text, or the same source compiled for the host.
#include <algorithm>
#include <cstring>
#include <regex>

#include "state.h"

namespace {

// 10 * major + minor of the newest PTX that a driver of this version takes.
long newestPtx(long driverVersion) {
  long major = driverVersion / 1000;
  long minor = driverVersion % 1000 / 10;
  switch (major) {
    case 11: return 70 + minor;
    case 12: return 80 + minor;
    case 13: return 90 + minor;
    default: return major < 11 ? 60 : 99;
  }
}

size_t sizeOfType(const std::string& type) {
  return std::stoul(type.substr(type.find_first_of("0123456789"))) / 8;
}

// From ".entry name(.param .u64 a, .param .align 8 .b8 b[48])" the name and {8, 48}.
void readEntries(Module* module) {
  static const std::regex entry(R"(\.entry\s+(\w+)\s*\(([^)]*)\)([^{]*)\{)");
  static const std::regex parameter(
      R"(\.param\s+(?:\.align\s+\d+\s+)?\.([a-z]+\d+)(?:\s+\.ptr[^,\n]*?)?\s+\w+(?:\[(\d+)\])?\s*(?:,|$))");
  static const std::regex threads(R"(\.(?:max|req)ntid\s+(\d+)(?:\s*,\s*(\d+))?(?:\s*,\s*(\d+))?)");
  const std::string& ptx = module->ptx;
  // found one by one: the expression takes long on all of the text
  for (size_t at = ptx.find(".entry"); at != std::string::npos; at = ptx.find(".entry", at + 1)) {
    std::smatch found;
    if (!std::regex_search(ptx.begin() + at, ptx.end(), found, entry, std::regex_constants::match_continuous)) {
      continue;
    }
    Function function;
    function.module = module;
    function.name = found[1];
    std::string parameters = found[2];
    auto first = std::sregex_iterator(parameters.begin(), parameters.end(), parameter);
    for (auto p = first; p != std::sregex_iterator(); ++p) {
      size_t count = (*p)[2].matched ? std::stoul((*p)[2]) : 1;
      function.parameterBytes.push_back(sizeOfType((*p)[1]) * count);
    }
    std::string directives = found[3];
    std::smatch limit;
    if (std::regex_search(directives, limit, threads)) {
      function.maxThreads = std::stoi(limit[1]);
      for (int i = 2; i <= 3; i++) {
        function.maxThreads *= limit[i].matched ? std::stoi(limit[i]) : 1;
      }
    }
    function.kernel = kernelOf(*module, function.name, function.parameterBytes);
    module->functions[function.name] = function;
  }
}

// Nothing here could run machine code. It is refused, or taken as a module without functions.
CUresult loadMachineCode(Module** loaded) {
  if (!state().settings.machineCode) {
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  }
  auto module = std::make_unique<Module>();
  module->context = currentContext();
  module->architecture = static_cast<int>(state().settings.architecture);
  *loaded = module.release();
  state().modules.insert(*loaded);
  return CUDA_SUCCESS;
}

// `log` takes what a driver says of PTX that it refuses.
CUresult load(Module** loaded, const char* image, std::string* log) {
  if (spoilsCapture()) {
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  if (std::memcmp(image, "\x7f" "ELF", 4) == 0) {
    return loadMachineCode(loaded);
  }
  std::string ptx = image;
  std::smatch version;
  std::smatch target;
  static const std::regex versionLine(R"(\.version\s+(\d+)\.(\d+))");
  static const std::regex targetLine(R"(\.target\s+sm_(\d+))");
  if (!std::regex_search(ptx, version, versionLine) ||
      !std::regex_search(ptx, target, targetLine)) {
    return CUDA_ERROR_INVALID_IMAGE;
  }
  long newest = newestPtx(state().settings.driverVersion);
  if (std::stol(version[1]) * 10 + std::stol(version[2]) > newest) {
    *log = "ptxas error   : Unsupported .version " + version.str(1) + "." + version.str(2) +
           "; current version is '" + std::to_string(newest / 10) + "." +
           std::to_string(newest % 10) + "'\n";
    return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
  }
  if (std::stol(target[1]) > state().settings.architecture) {
    *log = "ptxas error   : .target sm_" + target.str(1) + " is higher than the device's sm_" +
           std::to_string(state().settings.architecture) + "\n";
    return CUDA_ERROR_INVALID_PTX;
  }
  auto module = std::make_unique<Module>();
  module->context = currentContext();
  module->architecture = std::stoi(target[1]);
  module->ptx = std::move(ptx);
  module->program = emulation::loadProgram(module->ptx, log);
  if (!module->program) {
    return CUDA_ERROR_INVALID_PTX;
  }
  readEntries(module.get());
  *loaded = module.release();
  state().modules.insert(*loaded);
  return CUDA_SUCCESS;
}

// The arguments of a launch, copied when it is enqueued.
struct Arguments {
  std::vector<std::vector<unsigned char>> values;
  std::vector<void*> pointers;

  Arguments(const Function& function, void** parameters) {
    for (size_t i = 0; i < function.parameterBytes.size(); i++) {
      auto* value = static_cast<unsigned char*>(parameters[i]);
      values.emplace_back(value, value + function.parameterBytes[i]);
    }
    for (auto& value : values) {
      pointers.push_back(value.data());
    }
  }
};

}  // namespace

CTC4J_EXPORT CUresult cuModuleLoadData(Module** module, const void* image) {
  ENTER_CONTEXT("cuModuleLoadData");
  std::string log;
  return load(module, static_cast<const char*>(image), &log);
}

// Options are refused but for a buffer for errors: none may change the code that is made.
CTC4J_EXPORT CUresult cuModuleLoadDataEx(Module** module, const void* image, unsigned count,
                                         int* options, void** values) {
  ENTER_CONTEXT("cuModuleLoadDataEx");
  char* buffer = nullptr;
  void** bytes = nullptr;  // of the buffer; then, how many are filled
  for (unsigned i = 0; i < count; i++) {
    switch (options[i]) {
      case 5: buffer = static_cast<char*>(values[i]); break;  // CU_JIT_ERROR_LOG_BUFFER
      case 6: bytes = &values[i]; break;  // CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES
      default: return CUDA_ERROR_INVALID_VALUE;
    }
  }
  std::string log;
  CUresult result = load(module, static_cast<const char*>(image), &log);
  if (buffer && bytes) {
    // capped, the zero at its end included
    size_t filled = std::min(log.size() + 1, reinterpret_cast<size_t>(*bytes));
    if (filled > 0) {
      std::memcpy(buffer, log.c_str(), filled - 1);
      buffer[filled - 1] = 0;
    }
    *bytes = reinterpret_cast<void*>(filled);
  }
  return result;
}

CTC4J_EXPORT CUresult cuModuleUnload(Module* module) {
  ENTER_CONTEXT("cuModuleUnload");
  if (!state().modules.erase(module)) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  CUresult result = synchroniseContext();
  delete module;
  return result;
}

CTC4J_EXPORT CUresult cuModuleGetFunction(Function** function, Module* module, const char* name) {
  ENTER_CONTEXT("cuModuleGetFunction");
  if (!state().modules.count(module)) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  auto found = module->functions.find(name);
  if (found == module->functions.end() || !found->second.kernel) {
    return CUDA_ERROR_NOT_FOUND;
  }
  *function = &found->second;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuFuncGetAttribute(int* value, int which, Function* function) {
  ENTER_CONTEXT("cuFuncGetAttribute");
  switch (which) {
    case 0: *value = function->maxThreads; break;
    case 1: *value = static_cast<int>(function->kernel->staticSharedBytes); break;
    case 4: *value = 32; break;  // registers: the emulator has none
    case 5: case 6: *value = function->module->architecture; break;
    case 8: *value = function->dynamicSharedBytes; break;
    default: *value = 0;
  }
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuFuncSetAttribute(Function* function, int which, int value) {
  ENTER_CONTEXT("cuFuncSetAttribute");
  if (which == 8) {
    int most = deviceAttribute(97) - static_cast<int>(function->kernel->staticSharedBytes);
    if (value < 0 || value > most) {
      return CUDA_ERROR_INVALID_VALUE;
    }
    function->dynamicSharedBytes = value;
  }
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Function* function,
                                                                  int threads, size_t) {
  ENTER_CONTEXT("cuOccupancyMaxActiveBlocksPerMultiprocessor");
  *blocks = threads > function->maxThreads ? 0 : 2048 / threads;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuLaunchKernel(Function* function, unsigned gridX, unsigned gridY,
                                     unsigned gridZ, unsigned blockX, unsigned blockY,
                                     unsigned blockZ, unsigned sharedBytes, void* stream,
                                     void** parameters, void**) {
  ENTER_CONTEXT("cuLaunchKernel");
  if (gridX == 0 || gridY == 0 || gridZ == 0 || blockX == 0 || blockY == 0 || blockZ == 0 ||
      gridX > 0x7fffffff || gridY > 65535 || gridZ > 65535 || blockZ > 64 || blockX > 1024 ||
      blockY > 1024 || static_cast<int>(sharedBytes) > function->dynamicSharedBytes ||
      function->module->context != currentContext()) {
    return CUDA_ERROR_INVALID_VALUE;
  }
  if (static_cast<int>(blockX * blockY * blockZ) > function->maxThreads) {
    return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
  }
  auto arguments = std::make_shared<Arguments>(*function, parameters);
  const emulation::Kernel* kernel = function->kernel;
  return enqueue(stream, [=] {
    return runKernel(*kernel, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes,
                     arguments->pointers.data());
  });
}
