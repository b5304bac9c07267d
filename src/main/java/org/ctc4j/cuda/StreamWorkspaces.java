package org.ctc4j.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.ctc4j.DeviceException;

/**
 * A workspace for each stream of the callers' that work was enqueued on. One that grows is replaced
 * and kept: work that is enqueued, or a graph that was captured, may still use it. The context must
 * be current. Thread-safe.
 */
final class StreamWorkspaces implements AutoCloseable {
  private final Map<Long, DeviceMemory> current = new HashMap<>();
  private final List<DeviceMemory> all = new ArrayList<>();

  /** Device address of at least {@code bytes} for the stream's next call. */
  synchronized long reserve(long stream, long bytes, Supplier<String> doing) {
    DeviceMemory memory = current.get(stream);
    if (memory == null || memory.bytes() < bytes) {
      memory = grown(memory, bytes, doing);
      all.add(memory);
      current.put(stream, memory);
    }
    return memory.address();
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

  @Override
  public synchronized void close() {
    all.forEach(DeviceMemory::close);
    all.clear();
    current.clear();
  }
}
