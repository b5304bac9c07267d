package org.ctc4j.cuda;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceException;
import org.ctc4j.InvalidInputException;
import org.ctc4j.NGramScorer;
import org.ctc4j.cuda.driver.DeviceGuard;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.host.HostTokens;
import org.ctc4j.cuda.kernels.DeviceTokens;
import org.ctc4j.host.Unclosed;

/** A language model over tokens in the memory of one device. Thread-safe. */
public final class TokenScorerBackend implements AutoCloseable {
  private final CudaDevice device;
  private final DeviceGuard guard;
  private final HostTokens held;
  private final Cleaner.Cleanable unclosed;
  private final ReadWriteLock open = new ReentrantReadWriteLock(); // shared by calls, against close

  /**
   * @throws DeviceException if the driver refuses; nothing is held then
   */
  public TokenScorerBackend(CudaDevice device, NGramScorer<?> scorer) {
    this.device = device;
    PrimaryContext context = new PrimaryContext(device.index());
    try {
      held = context.whileCurrent(() -> new HostTokens(scorer));
    } catch (RuntimeException | Error e) {
      context.close();
      throw e;
    }
    guard = new DeviceGuard(context, "token scorer");
    unclosed = Unclosed.register(this, unclosed(guard, held));
  }

  /** Static, so that it has no hold of what it waits for the end of. */
  private static Runnable unclosed(DeviceGuard guard, HostTokens held) {
    return () -> guard.closeUnclosed(held::close);
  }

  /** In device memory. */
  public long bytes() {
    return held.bytes();
  }

  /**
   * Does a call for a search on a device in frames of so many classes, and is open until it is
   * done.
   *
   * @throws InvalidInputException if it is not for these
   * @throws IllegalStateException if this is closed
   */
  void whileOpen(CudaDevice at, int classes, int blank, Consumer<DeviceTokens> call) {
    if (at.index() != device.index()) {
      throw new InvalidInputException(
          "token scorer: expected one on the decoder's device, %s, got one on %s"
              .formatted(at, device));
    }
    held.tokens().scorer().check(classes, blank);
    open.readLock().lock();
    try {
      guard.inContext(() -> call.accept(held.tokens()));
    } finally {
      open.readLock().unlock();
      Reference.reachabilityFence(this);
    }
  }

  /** Waits for calls; device work that is still enqueued must have ended. */
  @Override
  public void close() {
    open.writeLock().lock();
    try {
      guard.close(held::close);
    } finally {
      open.writeLock().unlock();
    }
    unclosed.clean(); // there is nothing left for it to do
  }
}
