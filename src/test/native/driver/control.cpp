// How tests steer the emulated driver and see what it did: the native methods of
// org.ctc4j.cuda.Emulator.
#include <jni.h>

#include "state.h"

namespace {

std::string text(JNIEnv* env, jstring string) {
  const char* chars = env->GetStringUTFChars(string, nullptr);
  std::string copy = chars;
  env->ReleaseStringUTFChars(string, chars);
  return copy;
}

long sum(const std::map<std::string, long>& counts) {
  long sum = 0;
  for (auto& [name, count] : counts) {
    sum += count;
  }
  return sum;
}

long* setting(const std::string& name) {
  Settings& s = state().settings;
  if (name == "devices") return &s.devices;
  if (name == "memoryBytes") return &s.memoryBytes;
  if (name == "driverVersion") return &s.driverVersion;
  if (name == "architecture") return &s.architecture;
  if (name == "multiprocessors") return &s.multiprocessors;
  if (name == "machineCode") return &s.machineCode;
  if (name == "initResult") return &s.initResult;
  if (name == "checking") return &s.checking;
  if (name == "seed") return &s.seed;
  if (name == "approximations") return &s.approximations;
  return nullptr;
}

long gauge(const std::string& name) {
  State& s = state();
  if (name == "deviceBytes") return s.usedDeviceBytes();
  if (name == "peakDeviceBytes") return s.peakDeviceBytes;
  if (name == "hostBytes") return s.hostBytes();
  if (name == "streams") return s.streams.size();
  if (name == "events") return s.events.size();
  if (name == "modules") return s.modules.size();
  if (name == "graphs") return s.graphs.size() + s.graphExecs.size();
  if (name == "libraryHandles") return s.libraryHandles;
  if (name == "contexts") {
    long retained = 0;
    for (auto& context : s.contexts) {
      retained += context->retained;
    }
    return retained;
  }
  return -1;
}

void resetCounts() {
  State& s = state();
  s.calls.clear();
  s.launches.clear();
  s.instructions.clear();
  s.finding.clear();
  s.peakDeviceBytes = s.usedDeviceBytes();
}

using Guard = std::lock_guard<std::recursive_mutex>;

}  // namespace

extern "C" {

// Settings, counts and faults as at the start (or as kept); work that is still enqueued is dropped. A device that
// was lost is a new one: nobody could give back what was allocated on it.
JNIEXPORT void JNICALL Java_org_ctc4j_cuda_Emulator_reset(JNIEnv*, jclass) {
  Guard guard(state().lock);
  State& s = state();
  dropWork();
  if (s.lost != CUDA_SUCCESS) {
    forgetContexts();
  }
  s.settings = s.initial;
  s.lost = CUDA_SUCCESS;
  s.faults.clear();
  resetCounts();
}

JNIEXPORT void JNICALL Java_org_ctc4j_cuda_Emulator_resetCounts(JNIEnv*, jclass) {
  Guard guard(state().lock);
  resetCounts();
}

JNIEXPORT void JNICALL Java_org_ctc4j_cuda_Emulator_set(JNIEnv* env, jclass, jstring name,
                                                        jlong value) {
  Guard guard(state().lock);
  long* place = setting(text(env, name));
  if (place) {
    *place = value;
  } else {
    env->ThrowNew(env->FindClass("java/lang/IllegalArgumentException"), "no such setting");
  }
}

// What is set now is set by a reset, too.
JNIEXPORT void JNICALL Java_org_ctc4j_cuda_Emulator_keepSettings(JNIEnv*, jclass) {
  Guard guard(state().lock);
  state().initial = state().settings;
}

JNIEXPORT void JNICALL Java_org_ctc4j_cuda_Emulator_fail(JNIEnv* env, jclass, jstring call,
                                                         jlong count, jint result,
                                                         jboolean lost) {
  Guard guard(state().lock);
  state().faults.push_back({text(env, call), count, result, lost == JNI_TRUE});
}

JNIEXPORT void JNICALL Java_org_ctc4j_cuda_Emulator_clearFaults(JNIEnv*, jclass) {
  Guard guard(state().lock);
  state().faults.clear();
}

JNIEXPORT jlong JNICALL Java_org_ctc4j_cuda_Emulator_calls(JNIEnv* env, jclass, jstring name) {
  Guard guard(state().lock);
  std::string call = text(env, name);
  return call.empty() ? sum(state().calls) : state().calls[call];
}

JNIEXPORT jlong JNICALL Java_org_ctc4j_cuda_Emulator_launches(JNIEnv* env, jclass, jstring name) {
  Guard guard(state().lock);
  std::string kernel = text(env, name);
  return kernel.empty() ? sum(state().launches) : state().launches[kernel];
}

JNIEXPORT jlong JNICALL Java_org_ctc4j_cuda_Emulator_gauge(JNIEnv* env, jclass, jstring name) {
  Guard guard(state().lock);
  long value = gauge(text(env, name));
  if (value < 0) {
    env->ThrowNew(env->FindClass("java/lang/IllegalArgumentException"), "no such gauge");
  }
  return value;
}

// "cuMemAlloc_v2 3\ncuMemFree_v2 1\n…"
JNIEXPORT jstring JNICALL Java_org_ctc4j_cuda_Emulator_callList(JNIEnv* env, jclass) {
  Guard guard(state().lock);
  std::string list;
  for (auto& [name, count] : state().calls) {
    list += name + " " + std::to_string(count) + "\n";
  }
  return env->NewStringUTF(list.c_str());
}

// "ctc_labels 3 1200\n…": of each kernel, launches and instructions of warps
JNIEXPORT jstring JNICALL Java_org_ctc4j_cuda_Emulator_instructions(JNIEnv* env, jclass) {
  Guard guard(state().lock);
  std::string list;
  for (auto& [name, count] : state().instructions) {
    list += name + " " + std::to_string(state().launches[name]) + " " + std::to_string(count) + "\n";
  }
  return env->NewStringUTF(list.c_str());
}

// As engine.h has it, since the process began.
JNIEXPORT jstring JNICALL Java_org_ctc4j_cuda_Emulator_coverage(JNIEnv* env, jclass) {
  Guard guard(state().lock);
  return env->NewStringUTF(emulation::coverage().c_str());
}

JNIEXPORT jstring JNICALL Java_org_ctc4j_cuda_Emulator_synchronisations(JNIEnv* env, jclass) {
  Guard guard(state().lock);
  return env->NewStringUTF(emulation::synchronisations().c_str());
}

JNIEXPORT jboolean JNICALL Java_org_ctc4j_cuda_Emulator_omit(JNIEnv* env, jclass, jstring function,
                                                             jint line) {
  Guard guard(state().lock);
  return emulation::omit(text(env, function), line);
}

// What the checks of the kernel engine reported since the last reset, or "".
JNIEXPORT jstring JNICALL Java_org_ctc4j_cuda_Emulator_finding(JNIEnv* env, jclass) {
  Guard guard(state().lock);
  return env->NewStringUTF(state().finding.c_str());
}
}
