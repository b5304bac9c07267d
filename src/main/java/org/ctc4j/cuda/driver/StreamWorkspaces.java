package org.ctc4j.cuda.driver;

import static jcuda.driver.JCudaDriver.cuStreamGetId;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import jcuda.driver.CUstream;
import org.ctc4j.DeviceException;

/**
 * A workspace for each stream of the callers' that work was enqueued on. One that grows is replaced
 * and kept: work that is enqueued, or a graph that was captured, may still use it. The context must
 * be current. Thread-safe.
 *
 * <p>Streams are told apart by the number that a driver gives each of them, for a handle may mean
 * several: that of a stream that was destroyed is given to another, while work of the first may
 * still run, and {@code CU_STREAM_PER_THREAD} is another stream in every thread. Drivers that have
 * no such numbers leave handle and thread.
 */
public final class StreamWorkspaces implements AutoCloseable {
  /** From which version on drivers number their streams; calling an older one ends the process. */
  private static final int NUMBERED = 12000;

  private static final long LEGACY = 1; // CU_STREAM_LEGACY, the default stream as 0 is
  private static final long PER_THREAD = 2; // CU_STREAM_PER_THREAD

  /**
   * @param thread whose stream it is, 0 for a stream of all threads
   */
  private record Key(long stream, long thread) {}

  private final boolean numbered;
  private final Map<Key, List<DeviceMemory>> workspaces = new HashMap<>(); // the last is in use

  /**
   * @param driverVersion of CUDA, 1000 · major + 10 · minor
   */
  public StreamWorkspaces(int driverVersion) {
    numbered = driverVersion >= NUMBERED;
  }

  /** Device address of at least {@code bytes} for the stream's next call. */
  public long reserve(long stream, long bytes, Supplier<String> doing) {
    Key key = key(stream);
    synchronized (this) {
      List<DeviceMemory> all = workspaces.computeIfAbsent(key, k -> new ArrayList<>(1));
      DeviceMemory memory = all.isEmpty() ? null : all.get(all.size() - 1);
      if (memory == null || memory.bytes() < bytes) {
        memory = grown(memory, bytes, doing);
        all.add(memory);
      }
      return memory.address();
    }
  }

  /** By half at least, so that what is kept stays within a small multiple of what is used. */
  private static DeviceMemory grown(DeviceMemory old, long bytes, Supplier<String> doing) {
    long generous = old == null ? bytes : Math.max(bytes, old.bytes() / 2 * 3);
    try {
      return new DeviceMemory(generous, doing);
    } catch (DeviceException e) {
      if (generous == bytes || !e.isOutOfMemory()) {
        throw e;
      }
      return new DeviceMemory(bytes, doing);
    }
  }

  private Key key(long stream) {
    if (!numbered) {
      return new Key(
          stream == LEGACY ? 0 : stream, stream == PER_THREAD ? Thread.currentThread().getId() : 0);
    }
    CUstream handle = ForeignStream.of(stream);
    long[] id = {0};
    Driver.call("cuStreamGetId", () -> name(stream), () -> cuStreamGetId(handle, id));
    return new Key(id[0], 0);
  }

  private static String name(long stream) {
    return "stream 0x%x".formatted(stream);
  }

  /** Waits for a stream, which must be one still, and gives back what is kept for it. */
  public void forget(long stream) {
    Key key = key(stream);
    synchronized (this) {
      if (!workspaces.containsKey(key)) {
        return;
      }
    }
    CUstream handle = ForeignStream.of(stream);
    Driver.call("cuStreamSynchronize", () -> name(stream), () -> cuStreamSynchronize(handle));
    synchronized (this) {
      workspaces.remove(key).forEach(DeviceMemory::close);
    }
  }

  @Override
  public synchronized void close() {
    workspaces.values().forEach(all -> all.forEach(DeviceMemory::close));
    workspaces.clear();
  }
}
