package org.ctc4j.cuda.host;

import java.nio.Buffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.cuda.driver.Staging;

/**
 * Copies between a tensor in host memory, of any strides, and {@link Staging}, where the frames of
 * an utterance lie densely: number {@code t * C + c} of utterance n is that of frame t, class c.
 */
final class HostTensor {
  private final FrameTensor tensor;
  private final Elements elements;
  private final Buffer buffer; // the elements as they are stored, or null if they lie in pieces
  private final ElementType stagedType;

  HostTensor(FrameTensor tensor) {
    this(tensor, tensor.elements().type());
  }

  /** The same, or null for none. */
  static HostTensor orNull(FrameTensor tensor) {
    return tensor == null ? null : new HostTensor(tensor);
  }

  /** Staged as numbers of a type that it need not have itself. */
  HostTensor(FrameTensor tensor, ElementType stagedType) {
    this.tensor = tensor;
    this.elements = tensor.elements();
    this.buffer = stagedType == elements.type() ? bufferOf(elements.storage()) : null;
    this.stagedType = stagedType;
  }

  private static Buffer bufferOf(Object storage) {
    if (storage instanceof float[] array) {
      return FloatBuffer.wrap(array);
    }
    return storage instanceof double[] array ? DoubleBuffer.wrap(array) : (Buffer) storage;
  }

  /** How many numbers a frame has. */
  int columns() {
    return tensor.classes();
  }

  /** How numbers are stored in the staging memory, and so on the device. */
  ElementType stagedType() {
    return stagedType;
  }

  /** How many numbers utterance n has in all its frames. */
  long numbers(int n) {
    return (long) tensor.frames(n) * tensor.classes();
  }

  /**
   * Copies numbers [from, from + count) of utterance n into staging memory, from its number {@code
   * at} on.
   */
  void read(int n, long from, int count, Staging into, int at) {
    forEachRun(n, from, count, (run, done) -> in(run, into, new Run(at + done, 1, run.count)));
  }

  /** Copies staged numbers [at, at + count) to numbers [from, from + count) of utterance n. */
  void write(int n, long from, int count, Staging source, int at) {
    forEachRun(n, from, count, (run, done) -> out(source, new Run(at + done, 1, run.count), run));
  }

  /** Sets frames [fromFrame, T) of utterance n to 0. */
  void clear(int n, int fromFrame) {
    float[] zeros = new float[Math.min(tensor.classes(), 4096)];
    for (int t = fromFrame; t < tensor.frames(n); t++) {
      for (int c = 0; c < tensor.classes(); c += zeros.length) {
        int count = Math.min(zeros.length, tensor.classes() - c);
        elements.write(tensor.index(t, n, c), tensor.classStride(), zeros, 0, count);
      }
    }
  }

  /** Numbers {@code stride} apart. */
  private record Run(long first, long stride, int count) {
    boolean isDense() {
      return stride == 1;
    }

    long at(int i) {
      return first + i * stride;
    }
  }

  /** What to do with a run of the tensor, {@code done} numbers after the first. */
  private interface RunCopy {
    void copy(Run run, int done);
  }

  private void forEachRun(int n, long from, int count, RunCopy copy) {
    int classes = tensor.classes();
    if (tensor.classStride() == 1 && tensor.frameStride() == classes) {
      copy.copy(new Run(tensor.start(n) + from, 1, count), 0);
      return;
    }
    for (int done = 0; done < count; ) {
      int t = (int) ((from + done) / classes);
      int c = (int) ((from + done) % classes);
      int length = Math.min(classes - c, count - done);
      copy.copy(new Run(tensor.index(t, n, c), tensor.classStride(), length), done);
      done += length;
    }
  }

  private void in(Run run, Staging into, Run staged) {
    if (buffer != null) {
      copy(buffer, run, into.numbers(stagedType), staged);
    } else {
      copy(elements, run, into.elements(stagedType), staged);
    }
  }

  private void out(Staging source, Run staged, Run run) {
    if (buffer != null) {
      copy(source.numbers(stagedType), staged, buffer, run);
    } else {
      copy(source.elements(stagedType), staged, elements, run);
    }
  }

  private static void copy(Elements from, Run read, Elements to, Run written) {
    for (int i = 0; i < read.count; i++) {
      to.set(written.at(i), from.get(read.at(i)));
    }
  }

  private static void copy(Buffer from, Run read, Buffer to, Run written) {
    if (from instanceof FloatBuffer floats) {
      copy(floats, read, (FloatBuffer) to, written);
    } else if (from instanceof DoubleBuffer doubles) {
      copy(doubles, read, (DoubleBuffer) to, written);
    } else {
      copy((ShortBuffer) from, read, (ShortBuffer) to, written);
    }
  }

  // Three times the same, for java.nio has no common type with get and put.

  private static void copy(FloatBuffer from, Run read, FloatBuffer to, Run written) {
    if (read.isDense() && written.isDense()) {
      to.put((int) written.first, from, (int) read.first, read.count);
      return;
    }
    for (int i = 0; i < read.count; i++) {
      to.put((int) written.at(i), from.get((int) read.at(i)));
    }
  }

  private static void copy(DoubleBuffer from, Run read, DoubleBuffer to, Run written) {
    if (read.isDense() && written.isDense()) {
      to.put((int) written.first, from, (int) read.first, read.count);
      return;
    }
    for (int i = 0; i < read.count; i++) {
      to.put((int) written.at(i), from.get((int) read.at(i)));
    }
  }

  private static void copy(ShortBuffer from, Run read, ShortBuffer to, Run written) {
    if (read.isDense() && written.isDense()) {
      to.put((int) written.first, from, (int) read.first, read.count);
      return;
    }
    for (int i = 0; i < read.count; i++) {
      to.put((int) written.at(i), from.get((int) read.at(i)));
    }
  }
}
