package org.ctc4j;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A (T, N, C) view of the caller's {@link Elements}: for every frame t of every utterance n a row
 * of C numbers. Logits come as one, and so does the place for a gradient. Nothing is copied, so the
 * memory must not change while a call uses it. All index arithmetic is 64-bit.
 *
 * <p>The element of frame t, utterance n and class c has index {@code start(n) + t * frameStride()
 * + c * classStride()}. With a {@linkplain #packed packed} tensor utterances differ in their number
 * of frames, {@link #frames(int)}; otherwise all have T.
 *
 * <pre>{@code FrameTensor.of(data, "NTC", N, T, C)}</pre>
 */
public final class FrameTensor {
  private final Elements elements;
  private final int frames;
  private final int utterances;
  private final int classes;
  private final Strides strides;
  private final long offset;
  private final long[] starts; // packed only, else null
  private final int[] frameCounts; // packed only, else null

  private FrameTensor(
      Elements elements, long offset, int frames, int utterances, int classes, Strides strides) {
    this.elements = elements;
    this.offset = offset;
    this.frames = frames;
    this.utterances = utterances;
    this.classes = classes;
    this.strides = strides;
    starts = null;
    frameCounts = null;
  }

  private FrameTensor(Elements elements, long[] starts, int[] frameCounts, int classes) {
    this.elements = elements;
    this.starts = starts;
    this.frameCounts = frameCounts;
    this.classes = classes;
    frames = Arrays.stream(frameCounts).max().orElse(0);
    utterances = starts.length;
    strides = new Strides(classes, 0, 1);
    offset = 0;
  }

  /**
   * Dense data in C order, the last dimension innermost, with dimensions of any order.
   *
   * @param axes the letters T, N and C in the order of the data's dimensions: "TNC", "NTC", "NCT"
   * @param sizes of the dimensions, in the same order
   * @throws InvalidInputException if the sizes are not those of the data
   */
  public static FrameTensor of(Elements data, String axes, int... sizes) {
    return Axes.of(axes).view(data, sizes);
  }

  /** The same for float32 on the heap. */
  public static FrameTensor of(float[] data, String axes, int... sizes) {
    return of(Elements.of(data), axes, sizes);
  }

  /** The same for float64 on the heap. */
  public static FrameTensor of(double[] data, String axes, int... sizes) {
    return of(Elements.of(data), axes, sizes);
  }

  /**
   * Nested arrays, all of a level as long as each other. They are copied.
   *
   * @param axes the letters T, N and C, that of the outermost array first
   * @throws InvalidInputException if the arrays are not as long as each other, or there are none
   *     that tell how many classes there are
   */
  public static FrameTensor of(float[][][] data, String axes) {
    int second = data.length == 0 ? 0 : data[0].length;
    int third = second == 0 ? 0 : data[0][0].length;
    HeapRoom.require("data", product((long) data.length * second, third), Float.BYTES);
    Elements numbers = Elements.allocate(ElementType.FLOAT32, (long) data.length * second * third);
    for (int i = 0; i < data.length; i++) {
      requireLength("data[%d]".formatted(i), data[i].length, second);
      for (int j = 0; j < second; j++) {
        requireLength("data[%d][%d]".formatted(i, j), data[i][j].length, third);
        numbers.write(((long) i * second + j) * third, 1, data[i][j], 0, third);
      }
    }
    return of(numbers, axes, data.length, second, third);
  }

  private static void requireLength(String name, int length, int expected) {
    if (length != expected) {
      throw new InvalidInputException(
          "%s: expected %d elements, as the first has, got %d".formatted(name, expected, length));
    }
  }

  /** (T, N, C) in C order: index = (t * N + n) * C + c. */
  public static FrameTensor timeMajor(float[] data, int frames, int utterances, int classes) {
    return timeMajor(Elements.of(data), frames, utterances, classes);
  }

  /** (T, N, C) in C order: index = (t * N + n) * C + c. */
  public static FrameTensor timeMajor(double[] data, int frames, int utterances, int classes) {
    return timeMajor(Elements.of(data), frames, utterances, classes);
  }

  /** (T, N, C) in C order: index = (t * N + n) * C + c. */
  public static FrameTensor timeMajor(Elements data, int frames, int utterances, int classes) {
    return of(data, "TNC", frames, utterances, classes);
  }

  /** (N, T, C) in C order: index = (n * T + t) * C + c. */
  public static FrameTensor batchMajor(float[] data, int frames, int utterances, int classes) {
    return batchMajor(Elements.of(data), frames, utterances, classes);
  }

  /** (N, T, C) in C order: index = (n * T + t) * C + c. */
  public static FrameTensor batchMajor(double[] data, int frames, int utterances, int classes) {
    return batchMajor(Elements.of(data), frames, utterances, classes);
  }

  /** (N, T, C) in C order: index = (n * T + t) * C + c. */
  public static FrameTensor batchMajor(Elements data, int frames, int utterances, int classes) {
    return of(data, "NTC", utterances, frames, classes);
  }

  /**
   * Any strides: the element of frame 0, class 0 of utterance 0 has index {@code offset}, ≥ 0. A
   * tensor with a stride of 0 can be read, not written.
   */
  public static FrameTensor strided(
      Elements data, long offset, int frames, int utterances, int classes, Strides strides) {
    requireShape(frames, utterances, classes);
    if (offset < 0) {
      throw new InvalidInputException("offset must be 0 or more, got " + offset);
    }
    FrameTensor tensor = new FrameTensor(data, offset, frames, utterances, classes, strides);
    if (utterances > 0) {
      tensor.requireInside(utterances - 1);
    }
    return tensor;
  }

  /**
   * Ragged and dense: utterance 0's (T<sub>0</sub>, C) rows, then utterance 1's, and so on, without
   * padding.
   *
   * @param frameCounts T<sub>n</sub>, each ≥ 0
   */
  public static FrameTensor packed(Elements data, int[] frameCounts, int classes) {
    requireCounts(frameCounts);
    requireShape(0, frameCounts.length, classes);
    long[] starts = new long[frameCounts.length];
    long next = 0;
    for (int n = 0; n < starts.length; n++) {
      starts[n] = next;
      next = sum(next, (long) frameCounts[n] * classes);
    }
    if (next != data.length()) {
      throw new InvalidInputException(
          "the frame counts add up to %d elements of %d classes, got %d elements"
              .formatted(next, classes, data.length()));
    }
    return packed(data, starts, frameCounts, classes);
  }

  /**
   * Ragged, with offsets: the element of frame t, utterance n, class c has index {@code starts[n] +
   * t * C + c}.
   *
   * @param starts index of each utterance's first element
   * @param frameCounts T<sub>n</sub>, each ≥ 0
   */
  public static FrameTensor packed(Elements data, long[] starts, int[] frameCounts, int classes) {
    if (starts.length != frameCounts.length) {
      throw new InvalidInputException(
          "starts: expected one for each of the %d frame counts, got %d"
              .formatted(frameCounts.length, starts.length));
    }
    requireCounts(frameCounts);
    for (int n = 0; n < starts.length; n++) {
      if (starts[n] < 0) {
        throw new InvalidInputException(
            "starts: utterance %d has %d, expected 0 or more".formatted(n, starts[n]));
      }
    }
    requireShape(0, starts.length, classes);
    FrameTensor tensor = new FrameTensor(data, starts.clone(), frameCounts.clone(), classes);
    for (int n = 0; n < starts.length; n++) {
      tensor.requireInside(n);
    }
    return tensor;
  }

  /**
   * A new tensor of zeros on the heap, dense, with the shape of this one and its order of
   * dimensions.
   */
  public FrameTensor zerosLike(ElementType type) {
    return zerosLike(type, classes);
  }

  /** The same with {@code width} classes. */
  FrameTensor zerosLike(ElementType type, int width) {
    if (starts != null) {
      long size = 0;
      for (int count : frameCounts) {
        size = sum(size, (long) count * width);
      }
      requireRoom(size, type, width);
      return packed(Elements.allocate(type, size), frameCounts, width);
    }
    int[] dims = {frames, utterances, width};
    long[] dense = new long[3];
    long size = 1;
    for (int axis : innermostFirst(dims)) {
      dense[axis] = size;
      size = product(size, dims[axis]);
    }
    requireRoom(size, type, width);
    Strides of = new Strides(dense[0], dense[1], dense[2]);
    return strided(Elements.allocate(type, size), 0, frames, utterances, width, of);
  }

  private void requireRoom(long size, ElementType type, int width) {
    HeapRoom.require("elements of " + shape(width), size, type.bytes());
  }

  /** Where the numbers are. */
  public Elements elements() {
    return elements;
  }

  /** T, the largest number of frames. */
  public int frames() {
    return frames;
  }

  /** The number of frames that utterance n has room for: T<sub>n</sub> if packed, else T. */
  public int frames(int n) {
    return frameCounts == null ? frames : frameCounts[n];
  }

  /** Those of all utterances: the input lengths of who uses all frames. */
  int[] frameCounts() {
    int[] counts = new int[utterances];
    Arrays.setAll(counts, this::frames);
    return counts;
  }

  /** N. */
  public int utterances() {
    return utterances;
  }

  /** C. */
  public int classes() {
    return classes;
  }

  /** Index of the element of frame 0, class 0 of utterance n. */
  public long start(int n) {
    return starts == null ? offset + n * strides.utterance() : starts[n];
  }

  /** Elements from one frame of an utterance to its next. */
  public long frameStride() {
    return strides.frame();
  }

  /** Elements from one class of a frame to the next. */
  public long classStride() {
    return strides.ofClass();
  }

  /** Index of the element of frame t, utterance n, class c; not checked. */
  public long index(int t, int n, int c) {
    return start(n) + t * strides.frame() + c * strides.ofClass();
  }

  /** The number of frame t, utterance n, class c. */
  public double get(int t, int n, int c) {
    return elements.get(checkedIndex(t, n, c));
  }

  /** Stores the number of frame t, utterance n, class c. */
  public void set(int t, int n, int c, double value) {
    elements.set(checkedIndex(t, n, c), value);
  }

  /**
   * A dense copy as float32, with the dimensions in the order of this tensor's strides, the
   * smallest innermost: what was made of {@code data} with axes "NTC" gives an array like {@code
   * data}, and so does a gradient that was allocated for it. Packed: utterance after utterance.
   *
   * @throws InvalidInputException if there are more than 2<sup>30</sup> elements
   */
  public float[] toFloatArray() {
    FrameTensor dense = zerosLike(ElementType.FLOAT32);
    float[] row = new float[classes];
    for (int n = 0; n < utterances; n++) {
      for (int t = 0; t < frames(n); t++) {
        elements.read(index(t, n, 0), classStride(), row, 0, classes);
        dense.elements.write(dense.index(t, n, 0), dense.classStride(), row, 0, classes);
      }
    }
    return dense.elements.storage() instanceof float[] array
        ? array
        : dense.elements.toFloatArray(); // which is refused, as that is too many for an array
  }

  /** Shape and element type: "(T, N, C) = (150, 4, 28) of FLOAT32". */
  @Override
  public String toString() {
    return shape() + " of " + elements.type();
  }

  /** "(T, N, C) = (…)", for messages. */
  String shape() {
    return shape(classes);
  }

  /** The same with another number of classes. */
  String shape(int width) {
    return "(T, N, C) = (%d, %d, %d)%s"
        .formatted(frames, utterances, width, starts == null ? "" : ", packed");
  }

  /** Whether both have the same utterances with the same frames. */
  boolean hasFramesOf(FrameTensor other) {
    if (utterances != other.utterances) {
      return false;
    }
    for (int n = 0; n < utterances; n++) {
      if (frames(n) != other.frames(n)) {
        return false;
      }
    }
    return true;
  }

  /** Whether the two are known to share memory. */
  boolean overlaps(FrameTensor other) {
    return elements.overlaps(first(), last(), other.elements, other.first(), other.last());
  }

  /** The smallest index of all. */
  long first() {
    long first = Long.MAX_VALUE;
    for (int n = 0; n < utterances; n++) {
      first = Math.min(first, start(n));
    }
    return first;
  }

  /** The largest index of all, −1 if there is no element. */
  long last() {
    long last = -1;
    for (int n = 0; n < utterances; n++) {
      if (frames(n) > 0) {
        last = Math.max(last, index(frames(n) - 1, n, classes - 1));
      }
    }
    return last;
  }

  /** Refuses a tensor that cannot be written, or in which two elements share a place. */
  void requireWritable(String name) {
    if (!elements.isWritable()) {
      throw new InvalidInputException(name + ": expected a writable buffer, got a read-only one");
    }
    if (frames == 0 || utterances == 0) {
      return;
    }
    if (starts != null) {
      requireUtterancesApart(name);
      return;
    }
    int[] dims = {frames, utterances, classes};
    long[] steps = steps();
    long reach = 0;
    for (int axis : innermostFirst(dims)) {
      if (dims[axis] > 1) {
        if (steps[axis] <= reach) {
          throw new InvalidInputException(
              "%s: elements overlap: %s with strides (%d, %d, %d)"
                  .formatted(name, shape(), steps[0], steps[1], steps[2]));
        }
        reach += (dims[axis] - 1) * steps[axis];
      }
    }
  }

  private void requireUtterancesApart(String name) {
    int[] order =
        IntStream.range(0, utterances)
            .filter(n -> frameCounts[n] > 0)
            .boxed()
            .sorted(Comparator.comparingLong(n -> starts[n]))
            .mapToInt(n -> n)
            .toArray();
    for (int i = 1; i < order.length; i++) {
      int before = order[i - 1];
      if (starts[before] + (long) frameCounts[before] * classes > starts[order[i]]) {
        throw new InvalidInputException(
            "%s: utterances %d and %d overlap".formatted(name, before, order[i]));
      }
    }
  }

  /** Axes from the smallest stride to the largest; of equal strides the axis of size 1 first. */
  private int[] innermostFirst(int[] dims) {
    long[] steps = steps();
    Integer[] axes = {2, 1, 0};
    Arrays.sort(
        axes,
        Comparator.comparingLong((Integer axis) -> steps[axis])
            .thenComparingInt(axis -> dims[axis] > 1 ? 1 : 0));
    return Arrays.stream(axes).mapToInt(axis -> axis).toArray();
  }

  /** The strides of T, N and C. */
  private long[] steps() {
    return new long[] {strides.frame(), strides.utterance(), strides.ofClass()};
  }

  private long checkedIndex(int t, int n, int c) {
    Objects.checkIndex(n, utterances);
    Objects.checkIndex(t, frames(n));
    Objects.checkIndex(c, classes);
    return index(t, n, c);
  }

  private static void requireCounts(int[] frameCounts) {
    for (int n = 0; n < frameCounts.length; n++) {
      if (frameCounts[n] < 0) {
        throw new InvalidInputException(
            "frame counts: utterance %d has %d, expected 0 or more".formatted(n, frameCounts[n]));
      }
    }
  }

  // of sizes, none negative: what is too large for a long is the largest

  private static long sum(long a, long b) {
    return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
  }

  static long product(long a, long b) {
    return b != 0 && a > Long.MAX_VALUE / b ? Long.MAX_VALUE : a * b;
  }

  static void requireShape(int frames, int utterances, int classes) {
    if (frames < 0 || utterances < 0 || classes < 1) {
      throw new InvalidInputException(
          "expected T ≥ 0, N ≥ 0 and C ≥ 1, got (T, N, C) = (%d, %d, %d)"
              .formatted(frames, utterances, classes));
    }
  }

  private void requireInside(int n) {
    if (frames(n) == 0) {
      return;
    }
    long ofUtterance = starts != null ? starts[n] : sum(offset, product(strides.utterance(), n));
    long ofFrame = product(strides.frame(), frames(n) - 1L);
    long last = sum(sum(ofUtterance, ofFrame), product(strides.ofClass(), classes - 1L));
    if (last >= elements.length()) {
      throw new InvalidInputException(
          "%s: utterance %d reaches index %d of %d elements"
              .formatted(shape(), n, last, elements.length()));
    }
  }
}
