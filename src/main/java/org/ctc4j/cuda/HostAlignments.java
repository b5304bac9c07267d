package org.ctc4j.cuda;

import org.ctc4j.DeviceException;

/**
 * Alignments of batches in host memory, cut into chunks of utterances that go through the device
 * one after the other. Where it has too little memory for a chunk the chunk is halved, down to one
 * utterance. The context must be current. Not thread-safe.
 */
final class HostAlignments implements AutoCloseable {
  /** Of logits: enough utterances to fill a device, where they are short. */
  private static final long CHUNK_BYTES = 64 << 20;

  private final AlignmentLane lane;
  private final long workspaceLimit;

  HostAlignments(AlignKernels kernels, long workspaceLimit) {
    this.lane = new AlignmentLane(kernels);
    this.workspaceLimit = workspaceLimit;
  }

  void run(HostAlignment call) {
    int most = Integer.MAX_VALUE;
    for (int first = 0; first < call.batch().utterances(); ) {
      HostAlignment.Chunk chunk = call.chunk(first, most, CHUNK_BYTES, workspaceLimit);
      try {
        lane.run(call, chunk);
      } catch (DeviceException e) {
        if (!e.isOutOfMemory() || chunk.count() == 1) {
          throw e;
        }
        most = (chunk.count() + 1) / 2;
        continue;
      }
      first = chunk.end();
    }
  }

  @Override
  public void close() {
    lane.close();
  }
}
