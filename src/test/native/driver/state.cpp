#include "state.h"

State& state() {
  static State* instance = new State();  // never destroyed: JVM threads may outlive main
  return *instance;
}

std::vector<Context*>& currentContexts() {
  static thread_local std::vector<Context*> stack;
  return stack;
}

Context* currentContext() {
  auto& stack = currentContexts();
  return stack.empty() ? nullptr : stack.back();
}

void forgetContexts() {
  State& s = state();
  while (!s.allocations.empty()) {
    auto [address, allocation] = *s.allocations.begin();
    releaseAllocation(address);
  }
  for (Stream* stream : s.streams) {
    delete stream;
  }
  for (Event* event : s.events) {
    delete event;
  }
  for (Module* module : s.modules) {
    delete module;
  }
  s.streams.clear();
  s.events.clear();
  s.modules.clear();
  s.contexts.clear();
  s.libraryHandles = 0;
  currentContexts().clear();
}

long State::hostBytes() const {
  long sum = 0;
  for (auto& [address, allocation] : allocations) {
    sum += allocation.device < 0 ? allocation.bytes : 0;
  }
  return sum;
}

long State::usedDeviceBytes() const {
  long sum = 0;
  for (auto& [device, bytes] : deviceBytes) {
    sum += bytes;
  }
  return sum;
}

Context* State::context(int device) {
  for (auto& context : contexts) {
    if (context->device == device) {
      return context.get();
    }
  }
  auto context = std::make_unique<Context>();
  context->device = device;
  context->legacy.context = context.get();
  contexts.push_back(std::move(context));
  return contexts.back().get();
}

Entry::Entry(const char* call) : guard_(state().lock) {
  State& s = state();
  s.calls[call]++;
  if (s.lost != CUDA_SUCCESS) {
    result_ = s.lost;
    return;
  }
  for (auto fault = s.faults.begin(); fault != s.faults.end(); ++fault) {
    if (fault->call == call && --fault->count == 0) {
      result_ = fault->result;
      if (fault->lost) {
        s.lost = fault->result;
      }
      s.faults.erase(fault);
      return;
    }
  }
}
