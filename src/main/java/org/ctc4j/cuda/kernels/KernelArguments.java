package org.ctc4j.cuda.kernels;

import java.nio.ByteBuffer;
import jcuda.Pointer;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.PinnedMemory;

/**
 * The values that kernels take, and their addresses. They lie in pinned memory for the sake of
 * their addresses alone: one buffer of values and one of their addresses make a launch ten times
 * cheaper than nested {@code Pointer}s. The driver copies the values at every launch, so they may
 * be changed after it. Not thread-safe.
 */
abstract class KernelArguments implements AutoCloseable {
  private static final DeviceTensor NO_TENSOR =
      new DeviceTensor(0, ElementType.FLOAT32, 0, 0, 0, 0);

  private final int[] sizes;
  private final PinnedMemory memory;
  private final ByteBuffer values;
  private final Pointer pointers;

  /**
   * @param sizes of the parameters in bytes, multiples of 8
   */
  KernelArguments(int... sizes) {
    this.sizes = sizes;
    int pointersAt = start(sizes.length);
    memory = new PinnedMemory(pointersAt + 8 * sizes.length, () -> "kernel arguments");
    values = memory.buffer();
    for (int i = 0; i < sizes.length; i++) {
      values.putLong(pointersAt + 8 * i, memory.address() + start(i));
    }
    pointers = memory.pointer(pointersAt);
  }

  private int start(int parameter) {
    int start = 0;
    for (int i = 0; i < parameter; i++) {
      start += sizes[i];
    }
    return start;
  }

  /** What {@code cuLaunchKernel} takes as {@code kernelParams}. */
  final Pointer pointers() {
    return pointers;
  }

  /** Writes a parameter, a struct or a number, from its first field on. */
  final Fields write(int parameter) {
    return new Fields(start(parameter), sizes[parameter]);
  }

  /** Writes fields once more, from a byte on that {@link Fields#at} gave. */
  final Fields rewrite(int at) {
    return new Fields(at, 0);
  }

  @Override
  public final void close() {
    memory.close();
  }

  /** Writes fields in the order of their declaration, each where the one before ends. */
  final class Fields {
    private final int end;
    private int at;

    private Fields(int start, int size) {
      at = start;
      end = start + size;
    }

    Fields int64(long value) {
      values.putLong(at, value);
      at += 8;
      return this;
    }

    Fields int32(int value) {
      values.putInt(at, value);
      at += 4;
      return this;
    }

    Fields float64(double value) {
      values.putDouble(at, value);
      at += 8;
      return this;
    }

    /** Five fields; the tensor may be null. */
    Fields tensor(DeviceTensor tensorOrNull) {
      DeviceTensor tensor = tensorOrNull == null ? NO_TENSOR : tensorOrNull;
      return int64(tensor.address())
          .int64(tensor.starts())
          .int64(tensor.utteranceStride())
          .int64(tensor.frameStride())
          .int64(tensor.classStride());
    }

    /** Five fields. */
    Fields targets(DeviceTargets targets) {
      return int64(targets.labels())
          .int64(targets.starts())
          .int64(targets.stride())
          .int64(targets.size())
          .int64(targets.lengths());
    }

    /** Seven fields: targets, and how many frames each utterance uses and has. */
    Fields utterances(DeviceBatch batch) {
      return targets(batch.targets()).int64(batch.inputLengths()).int64(batch.frameCounts());
    }

    /** Four fields: N, T, L, C. */
    Fields shape(DeviceBatch batch) {
      return int32(batch.utterances())
          .int32(batch.frames())
          .int32(batch.targets().maxLength())
          .int32(batch.classes());
    }

    /** Its ordinal, or 0 for none. */
    Fields type(DeviceTensor tensorOrNull) {
      return int32(tensorOrNull == null ? 0 : tensorOrNull.type().ordinal());
    }

    /** Two of 16 bits: {@link #type} of each. */
    Fields types(DeviceTensor firstOrNull, DeviceTensor second) {
      type(firstOrNull); // little-endian: above it there is room
      values.putShort(at - 2, (short) second.type().ordinal());
      return this;
    }

    /** Where the next field begins, for {@link #rewrite}. */
    int at() {
      return at;
    }

    /** After the last field. */
    void end() {
      if (at != end) {
        throw new IllegalStateException(
            "expected fields of a parameter to end at byte %d, they end at %d".formatted(end, at));
      }
    }
  }
}
