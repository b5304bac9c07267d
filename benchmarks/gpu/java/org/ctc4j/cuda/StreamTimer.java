package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import jcuda.driver.CUevent;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.Stream;

/** Times what is enqueued on a stream, by CUDA events. The context must be current. */
final class StreamTimer implements AutoCloseable {
  private final Stream stream;
  private final List<CUevent> events = new ArrayList<>();

  StreamTimer(Stream stream) {
    this.stream = stream;
  }

  /**
   * Milliseconds of each run; those that warm up come before and are not among them.
   *
   * @param enqueue gets the number of the run, from 0 on, those that warm up included
   */
  double[] times(int warmUp, int runs, IntConsumer enqueue) {
    double[] times = new double[runs];
    for (int run = 0; run < warmUp + runs; run++) {
      record(0);
      enqueue.accept(run);
      record(1);
      stream.await(() -> "what is timed");
      if (run >= warmUp) {
        times[run - warmUp] = milliseconds(0, 1);
      }
    }
    return times;
  }

  /** Puts an event onto the stream. */
  void record(int event) {
    while (events.size() <= event) {
      CUevent next = new CUevent();
      Driver.call("cuEventCreate", () -> cuEventCreate(next, 0));
      events.add(next);
    }
    Driver.call("cuEventRecord", () -> cuEventRecord(events.get(event), stream.handle()));
  }

  /** The stream must have got past both. */
  double milliseconds(int from, int to) {
    float[] milliseconds = {0};
    Driver.call(
        "cuEventElapsedTime",
        () -> cuEventElapsedTime(milliseconds, events.get(from), events.get(to)));
    return milliseconds[0];
  }

  @Override
  public void close() {
    events.forEach(event -> Driver.code(() -> cuEventDestroy(event)));
  }
}
