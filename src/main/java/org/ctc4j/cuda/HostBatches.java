package org.ctc4j.cuda;

import org.ctc4j.DeviceException;

/**
 * Batches in host memory: cut into chunks of utterances that go through two {@link Lane}s in turn.
 * Where the device has too little memory for a chunk it is halved, down to one utterance. The
 * context must be current. Not thread-safe.
 */
final class HostBatches implements AutoCloseable {
  /** Large enough for the copies to run at full speed, small enough for a few to overlap. */
  private static final long CHUNK_BYTES = Lane.PIECE_BYTES;

  private final Lane[] lanes = new Lane[2];
  private final long workspaceLimit;

  HostBatches(Kernels kernels, long workspaceLimit) {
    this.workspaceLimit = Math.max(1, workspaceLimit / lanes.length);
    lanes[0] = new Lane(kernels);
    try {
      lanes[1] = new Lane(kernels);
    } catch (RuntimeException e) {
      lanes[0].close();
      throw e;
    }
  }

  void run(HostCall call) {
    try {
      int most = Integer.MAX_VALUE;
      int turn = 0;
      for (int first = 0; first < call.batch().utterances(); ) {
        Lane lane = lanes[turn];
        Lane other = lanes[1 - turn];
        lane.finish();
        Chunk chunk = Chunk.next(call, first, most, CHUNK_BYTES, workspaceLimit);
        try {
          lane.submit(call, chunk);
        } catch (DeviceException e) {
          if (!e.isOutOfMemory()) {
            throw e;
          }
          if (other.hasMemory()) {
            other.finish();
            other.release();
          } else if (chunk.count() > 1) {
            most = (chunk.count() + 1) / 2;
          } else {
            throw e;
          }
          continue;
        }
        first = chunk.end();
        turn = 1 - turn;
      }
      for (Lane lane : lanes) {
        lane.finish();
      }
    } catch (RuntimeException | Error e) {
      abandon(e);
      throw e;
    }
  }

  private void abandon(Throwable failure) {
    try {
      lanes[0].abandon(failure);
    } finally {
      lanes[1].abandon(failure);
    }
  }

  /** Gives the device memory back that is kept from call to call; whether there was any. */
  boolean release() {
    boolean any = false;
    for (Lane lane : lanes) {
      any |= lane.hasMemory();
      lane.release();
    }
    return any;
  }

  @Override
  public void close() {
    for (Lane lane : lanes) {
      lane.close();
    }
  }
}
