package org.ctc4j.cuda.host;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.ctc4j.CudaDevice;
import org.ctc4j.InvalidInputException;
import org.ctc4j.cuda.driver.DeviceGuard;
import org.ctc4j.cuda.driver.DeviceLayout;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.StreamWorkspaces;
import org.ctc4j.cuda.kernels.DeviceKernels;
import org.ctc4j.host.Unclosed;

/**
 * A device that was opened for a backend: its context, and in it the backend's kernels, the way of
 * host batches through them and the workspaces of streams. Given back when it is closed, or when
 * nobody closed it and it is garbage. Thread-safe.
 *
 * @param <K> the backend's kernels
 */
public final class OpenDevice<K extends DeviceKernels> implements AutoCloseable {
  private final DeviceGuard guard;
  private final Held<K> held;
  private final Cleaner.Cleanable unclosed;

  /**
   * @param what is opened, "engine" for example, for messages
   * @param kernels from the architecture of the device, 10 · major + minor
   * @param pipelines how many chunks of a host batch are under way at a time
   * @throws org.ctc4j.DeviceException if the driver refuses; nothing is held then
   */
  public OpenDevice(CudaDevice device, String what, IntFunction<K> kernels, int pipelines) {
    PrimaryContext context = new PrimaryContext(device.index());
    try {
      held = context.whileCurrent(() -> new Held<>(device, kernels, pipelines));
    } catch (RuntimeException e) {
      context.close();
      throw e;
    }
    guard = new DeviceGuard(context, what);
    unclosed = Unclosed.register(this, unclosed(guard, held));
  }

  /** Static, so that it has no hold of the device whose end it waits for. */
  private static Runnable unclosed(DeviceGuard guard, Held<?> held) {
    return () -> guard.closeUnclosed(held::close);
  }

  /** What is given back at the end; without any reference to what was opened. */
  private static final class Held<K extends DeviceKernels> {
    private final K kernels;
    private final HostBatches hostBatches;
    private final StreamWorkspaces workspaces;

    /** The context must be current, here and in all calls. */
    Held(CudaDevice device, IntFunction<K> open, int pipelines) {
      workspaces = new StreamWorkspaces(device.driverVersion());
      kernels = open.apply(device.architecture());
      try {
        hostBatches = new HostBatches(pipelines);
      } catch (RuntimeException e) {
        kernels.close();
        throw e;
      }
    }

    void close() {
      hostBatches.close();
      workspaces.close();
      kernels.close();
    }
  }

  /** Does work with the context current, and holds the device until it is done. */
  private void inContext(Consumer<Held<K>> work) {
    try {
      guard.inContext(() -> work.accept(held));
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Waits for a stream and gives back what is kept for it. */
  public void forget(long stream) {
    inContext(there -> there.workspaces.forget(stream));
  }

  /**
   * Enqueues work.
   *
   * @param needed bytes of workspace
   * @param shape of the batch, for messages
   * @param work from the kernels, when they are ready, to what the address of the workspace is
   *     given to
   */
  public void enqueue(
      Room room, long needed, Supplier<String> shape, Function<K, LongConsumer> work) {
    inContext(
        there -> {
          LongConsumer ready = work.apply(there.kernels);
          ready.accept(room.reserve(there.workspaces, needed, shape));
        });
  }

  /** Where the workspace of a call lies. */
  @FunctionalInterface
  public interface Room {
    /** Its address, or a refusal. */
    long reserve(StreamWorkspaces kept, long needed, Supplier<String> shape);

    /** In what is kept for a stream. */
    static Room of(long stream) {
      return (kept, needed, shape) -> kept.reserve(stream, needed, shape);
    }

    /** In device memory of the caller's. */
    static Room of(long address, long bytes) {
      return (kept, needed, shape) -> {
        if (address == 0 || address % DeviceLayout.ALIGNMENT != 0 || bytes < needed) {
          throw new InvalidInputException(
              "workspace: expected %d bytes at a multiple of %d for %s, got %d at 0x%x"
                  .formatted(needed, DeviceLayout.ALIGNMENT, shape.get(), bytes, address));
        }
        return address;
      };
    }
  }

  /** Takes a call on host memory through the device. */
  public void compute(Function<K, HostCall> call) {
    inContext(there -> there.hostBatches.compute(call.apply(there.kernels)));
  }

  /** Device work that is still enqueued must have ended. */
  @Override
  public void close() {
    guard.close(held::close);
    unclosed.clean(); // there is nothing left for it to do
  }
}
