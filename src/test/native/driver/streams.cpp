// Streams, events, capture and graphs.
#include <algorithm>
#include <chrono>

#include "state.h"

namespace {

double now() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

// Runs the stream's work in order, until the marker is reached or nothing is left.
void run(Stream* stream, const Marker* until) {
  State& s = state();
  while (!stream->queue.empty() && !(until && until->reached)) {
    Work work = std::move(stream->queue.front());
    stream->queue.pop_front();
    if (work.wait && !work.wait->reached) {
      run(work.wait->stream, work.wait.get());
    }
    if (work.action && s.lost == CUDA_SUCCESS) {
      s.lost = work.action();  // what fails on the device loses the device
    }
  }
}

CUresult finish(Stream* stream) {
  run(stream, nullptr);
  return state().lost;
}

std::shared_ptr<Marker> mark(Stream* stream) {
  auto marker = std::make_shared<Marker>();
  marker->stream = stream;
  stream->queue.push_back({nullptr, [marker] {
                             marker->reached = true;
                             marker->milliseconds = now();
                             return CUDA_SUCCESS;
                           }});
  return marker;
}

bool isBlocking(const Stream* stream) { return !(stream->flags & CU_STREAM_NON_BLOCKING); }

// The default stream waits for all blocking streams, and they for it.
void orderWithDefaultStream(Stream* stream) {
  Stream* legacy = &stream->context->legacy;
  if (stream == legacy) {
    for (Stream* other : state().streams) {
      if (other->context == stream->context && isBlocking(other) && !other->queue.empty()) {
        stream->queue.push_back({mark(other), nullptr});
      }
    }
  } else if (isBlocking(stream) && !legacy->queue.empty()) {
    stream->queue.push_back({mark(legacy), nullptr});
  }
}

}  // namespace

Stream* streamOf(void* handle) {
  if (reinterpret_cast<uintptr_t>(handle) <= 2) {
    return &currentContext()->legacy;
  }
  auto* stream = static_cast<Stream*>(handle);
  return state().streams.count(stream) ? stream : nullptr;
}

CUresult enqueue(void* handle, std::function<CUresult()> action) {
  Stream* stream = streamOf(handle);
  if (!stream) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  if (stream->capture) {
    stream->capture->nodes.push_back(std::move(action));
    return CUDA_SUCCESS;
  }
  orderWithDefaultStream(stream);
  stream->queue.push_back({nullptr, std::move(action)});
  return CUDA_SUCCESS;
}

bool spoilsCapture() {
  bool spoiled = false;
  for (Stream* stream : state().streams) {
    if (stream->capture) {
      stream->captureInvalid = true;
      spoiled = true;
    }
  }
  return spoiled;
}

CUresult synchroniseContext() {
  if (spoilsCapture()) {
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  Context* context = currentContext();
  run(&context->legacy, nullptr);
  for (Stream* stream : state().streams) {
    if (stream->context == context) {
      run(stream, nullptr);
    }
  }
  return state().lost;
}

void dropWork() {
  for (Stream* stream : state().streams) {
    stream->queue.clear();
  }
  for (auto& context : state().contexts) {
    context->legacy.queue.clear();
  }
}

CTC4J_EXPORT CUresult cuStreamCreate(Stream** stream, unsigned flags) {
  ENTER_CONTEXT("cuStreamCreate");
  *stream = new Stream();
  (*stream)->context = currentContext();
  (*stream)->flags = flags;
  state().streams.insert(*stream);
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuStreamDestroy_v2(void* handle) {
  ENTER_CONTEXT("cuStreamDestroy_v2");
  Stream* stream = streamOf(handle);
  if (!stream || stream == &currentContext()->legacy) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  CUresult result = finish(stream);
  state().streams.erase(stream);
  delete stream;
  return result;
}

// The default stream of each thread, which runs its work on that of all threads here, has an id of
// its own nonetheless.
CTC4J_EXPORT CUresult cuStreamGetId(void* handle, unsigned long long* id) {
  ENTER_CONTEXT("cuStreamGetId");
  static thread_local unsigned long long perThread = nextStreamId();
  Stream* stream = streamOf(handle);
  if (!stream) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  *id = reinterpret_cast<uintptr_t>(handle) == 2 ? perThread : stream->id;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuStreamSynchronize(void* handle) {
  ENTER_CONTEXT("cuStreamSynchronize");
  Stream* stream = streamOf(handle);
  if (!stream) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  if (stream->capture) {
    stream->captureInvalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  orderWithDefaultStream(stream);
  return finish(stream);
}

CTC4J_EXPORT CUresult cuStreamQuery(void* handle) {
  ENTER_CONTEXT("cuStreamQuery");
  Stream* stream = streamOf(handle);
  if (!stream) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  if (stream->capture) {
    stream->captureInvalid = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  bool ready = stream->queue.empty();
  CUresult result = finish(stream);  // asking gives it the time to finish
  return result != CUDA_SUCCESS ? result : ready ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

CTC4J_EXPORT CUresult cuStreamWaitEvent(void* handle, Event* event, unsigned) {
  ENTER_CONTEXT("cuStreamWaitEvent");
  Stream* stream = streamOf(handle);
  if (!stream || !state().events.count(event)) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  if (stream->capture) {
    stream->captureInvalid = true;  // forks within a capture are not emulated
    return CUDA_ERROR_NOT_SUPPORTED;
  }
  if (event->marker) {
    stream->queue.push_back({event->marker, nullptr});
  }
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuEventCreate(Event** event, unsigned) {
  ENTER_CONTEXT("cuEventCreate");
  *event = new Event();
  state().events.insert(*event);
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuEventDestroy_v2(Event* event) {
  ENTER("cuEventDestroy_v2");
  if (!state().events.erase(event)) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  delete event;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuEventRecord(Event* event, void* handle) {
  ENTER_CONTEXT("cuEventRecord");
  Stream* stream = streamOf(handle);
  if (!stream || !state().events.count(event)) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  if (stream->capture) {
    stream->captureInvalid = true;
    return CUDA_ERROR_NOT_SUPPORTED;
  }
  orderWithDefaultStream(stream);
  event->marker = mark(stream);
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuEventQuery(Event* event) {
  ENTER("cuEventQuery");
  if (!state().events.count(event)) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  if (!event->marker || event->marker->reached) {
    return CUDA_SUCCESS;
  }
  run(event->marker->stream, event->marker.get());
  return state().lost != CUDA_SUCCESS ? state().lost : CUDA_ERROR_NOT_READY;
}

CTC4J_EXPORT CUresult cuEventSynchronize(Event* event) {
  ENTER("cuEventSynchronize");
  if (!state().events.count(event)) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  if (spoilsCapture()) {
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  if (event->marker && !event->marker->reached) {
    run(event->marker->stream, event->marker.get());
  }
  return state().lost;
}

CTC4J_EXPORT CUresult cuEventElapsedTime(float* milliseconds, Event* start, Event* end) {
  ENTER("cuEventElapsedTime");
  if (!state().events.count(start) || !state().events.count(end) || !start->marker ||
      !end->marker) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  if (!start->marker->reached || !end->marker->reached) {
    return CUDA_ERROR_NOT_READY;
  }
  *milliseconds = static_cast<float>(end->marker->milliseconds - start->marker->milliseconds);
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuStreamBeginCapture_v2(void* handle, int) {
  ENTER_CONTEXT("cuStreamBeginCapture_v2");
  Stream* stream = streamOf(handle);
  if (!stream || stream->capture || stream == &currentContext()->legacy) {
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  stream->capture = std::make_unique<Graph>();
  stream->captureInvalid = false;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuStreamEndCapture(void* handle, Graph** graph) {
  ENTER_CONTEXT("cuStreamEndCapture");
  Stream* stream = streamOf(handle);
  if (!stream || !stream->capture) {
    return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
  }
  std::unique_ptr<Graph> captured = std::move(stream->capture);
  if (stream->captureInvalid) {
    *graph = nullptr;
    return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
  }
  *graph = captured.release();
  state().graphs.insert(*graph);
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuStreamIsCapturing(void* handle, int* status) {
  ENTER_CONTEXT("cuStreamIsCapturing");
  Stream* stream = streamOf(handle);
  *status = !stream || !stream->capture ? 0 : stream->captureInvalid ? 2 : 1;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuGraphInstantiateWithFlags(GraphExec** exec, Graph* graph,
                                                  unsigned long long) {
  ENTER_CONTEXT("cuGraphInstantiateWithFlags");
  if (!state().graphs.count(graph)) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  *exec = new GraphExec{graph->nodes};
  state().graphExecs.insert(*exec);
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuGraphLaunch(GraphExec* exec, void* handle) {
  ENTER_CONTEXT("cuGraphLaunch");
  if (!state().graphExecs.count(exec)) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  for (auto& node : exec->nodes) {
    CUresult result = enqueue(handle, node);
    if (result != CUDA_SUCCESS) {
      return result;
    }
  }
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuGraphDestroy(Graph* graph) {
  ENTER("cuGraphDestroy");
  if (!state().graphs.erase(graph)) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  delete graph;
  return CUDA_SUCCESS;
}

CTC4J_EXPORT CUresult cuGraphExecDestroy(GraphExec* exec) {
  ENTER("cuGraphExecDestroy");
  if (!state().graphExecs.erase(exec)) {
    return CUDA_ERROR_INVALID_HANDLE;
  }
  delete exec;
  return CUDA_SUCCESS;
}
