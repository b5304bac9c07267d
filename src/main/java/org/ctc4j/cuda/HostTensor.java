package org.ctc4j.cuda;

import java.nio.Buffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;

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
    this.tensor = tensor;
    this.elements = tensor.elements();
    this.buffer = bufferOf(elements.storage());
    // pieces are read and written as numbers, which 16-bit formats have none of in Java
    this.stagedType =
        buffer != null
            ? elements.type()
            : elements.type() == ElementType.FLOAT64 ? ElementType.FLOAT64 : ElementType.FLOAT32;
  }

  /** Staged as numbers of a type that it need not have itself; float32 or float64. */
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

  /**
   * Copies numbers [from, from + count) of utterance n into staging memory, from its number {@code
   * at} on.
   */
  void read(int n, long from, int count, Staging into, int at) {
    forEachRun(n, from, count, at, (index, stride, run, to) -> in(into, index, stride, run, to));
  }

  /** Copies staged numbers [at, at + count) to numbers [from, from + count) of utterance n. */
  void write(int n, long from, int count, Staging source, int at) {
    forEachRun(n, from, count, at, (index, stride, run, to) -> out(source, index, stride, run, to));
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

  /** A run of numbers {@code stride} apart in the tensor, dense from {@code at} in the staging. */
  private interface Run {
    void copy(long index, long stride, int count, int at);
  }

  private void forEachRun(int n, long from, int count, int at, Run run) {
    int classes = tensor.classes();
    if (tensor.classStride() == 1 && tensor.frameStride() == classes) {
      run.copy(tensor.start(n) + from, 1, count, at);
      return;
    }
    for (int done = 0; done < count; ) {
      int t = (int) ((from + done) / classes);
      int c = (int) ((from + done) % classes);
      int length = Math.min(classes - c, count - done);
      run.copy(tensor.index(t, n, c), tensor.classStride(), length, at + done);
      done += length;
    }
  }

  private void in(Staging into, long index, long stride, int count, int at) {
    if (buffer instanceof FloatBuffer floats) {
      copy(floats, (int) index, (int) stride, into.floats(), at, 1, count);
    } else if (buffer instanceof DoubleBuffer doubles) {
      copy(doubles, (int) index, (int) stride, into.doubles(), at, 1, count);
    } else if (buffer instanceof ShortBuffer shorts) {
      copy(shorts, (int) index, (int) stride, into.shorts(), at, 1, count);
    } else if (stagedType == ElementType.FLOAT64) {
      for (int i = 0; i < count; i++) {
        into.doubles().put(at + i, elements.get(index + i * stride));
      }
    } else {
      for (int i = 0; i < count; i++) {
        into.floats().put(at + i, (float) elements.get(index + i * stride));
      }
    }
  }

  private void out(Staging source, long index, long stride, int count, int at) {
    if (buffer instanceof FloatBuffer floats) {
      copy(source.floats(), at, 1, floats, (int) index, (int) stride, count);
    } else if (buffer instanceof DoubleBuffer doubles) {
      copy(source.doubles(), at, 1, doubles, (int) index, (int) stride, count);
    } else if (buffer instanceof ShortBuffer shorts) {
      copy(source.shorts(), at, 1, shorts, (int) index, (int) stride, count);
    } else if (stagedType == ElementType.FLOAT64) {
      for (int i = 0; i < count; i++) {
        elements.set(index + i * stride, source.doubles().get(at + i));
      }
    } else {
      for (int i = 0; i < count; i++) {
        elements.set(index + i * stride, source.floats().get(at + i));
      }
    }
  }

  // Three times the same, for java.nio has no common type with get and put.

  private static void copy(
      FloatBuffer from, int i, int step, FloatBuffer to, int j, int toStep, int count) {
    if (step == 1 && toStep == 1) {
      to.put(j, from, i, count);
      return;
    }
    for (int k = 0; k < count; k++) {
      to.put(j + k * toStep, from.get(i + k * step));
    }
  }

  private static void copy(
      DoubleBuffer from, int i, int step, DoubleBuffer to, int j, int toStep, int count) {
    if (step == 1 && toStep == 1) {
      to.put(j, from, i, count);
      return;
    }
    for (int k = 0; k < count; k++) {
      to.put(j + k * toStep, from.get(i + k * step));
    }
  }

  private static void copy(
      ShortBuffer from, int i, int step, ShortBuffer to, int j, int toStep, int count) {
    if (step == 1 && toStep == 1) {
      to.put(j, from, i, count);
      return;
    }
    for (int k = 0; k < count; k++) {
      to.put(j + k * toStep, from.get(i + k * step));
    }
  }
}
