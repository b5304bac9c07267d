package org.ctc4j.cuda.host;

import java.util.ArrayList;
import java.util.List;
import org.ctc4j.DeviceException;

/**
 * Batches in host memory: cut into chunks of utterances that go through the {@link ChunkPipeline}s
 * in turn. Where the device has too little memory for a chunk the others give theirs back, and then
 * it is halved, down to one utterance. The context must be current. Not thread-safe.
 */
final class HostBatches implements AutoCloseable {
  private final List<ChunkPipeline> pipelines = new ArrayList<>();

  /**
   * @param pipelines how many chunks are under way at a time
   */
  HostBatches(int pipelines) {
    try {
      for (int i = 0; i < pipelines; i++) {
        this.pipelines.add(new ChunkPipeline());
      }
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Returns when all results are where they belong. */
  void compute(HostCall call) {
    try {
      takeThrough(call);
    } catch (RuntimeException | Error e) {
      abandon(0, e);
      if (!(e instanceof DeviceException device && device.isDeviceLost())) {
        releaseAfter(call); // of a lost device, old kernels may use it still
      }
      throw e;
    }
    releaseAfter(call);
  }

  private void takeThrough(HostCall call) {
    int most = Integer.MAX_VALUE;
    int turn = 0;
    int first = 0;
    do {
      ChunkPipeline pipeline = pipelines.get(turn);
      pipeline.finish();
      StagedChunk next = call.next(first, most);
      try {
        pipeline.submit(next);
      } catch (DeviceException e) {
        int count = next.chunk().count();
        if (!e.isOutOfMemory()) {
          throw e;
        } else if (releaseOthers(pipeline)) {
          continue;
        } else if (count > 1 && !call.isWhole()) {
          most = (count + 1) / 2;
          continue;
        }
        throw e;
      }
      first = next.chunk().end();
      turn = (turn + 1) % pipelines.size();
    } while (first < call.utterances());
    pipelines.forEach(ChunkPipeline::finish);
  }

  /** Lets all but one give their device memory back; whether there was any. */
  private boolean releaseOthers(ChunkPipeline needy) {
    boolean any = false;
    for (ChunkPipeline other : pipelines) {
      if (other != needy && other.hasMemory()) {
        other.finish();
        other.release();
        any = true;
      }
    }
    return any;
  }

  /** All from one on, also if one of them cannot. */
  private void abandon(int from, Throwable failure) {
    if (from < pipelines.size()) {
      try {
        pipelines.get(from).abandon(failure);
      } finally {
        abandon(from + 1, failure);
      }
    }
  }

  private void releaseAfter(HostCall call) {
    if (call.isWhole()) {
      pipelines.forEach(ChunkPipeline::release);
    }
  }

  @Override
  public void close() {
    pipelines.forEach(ChunkPipeline::close);
  }
}
