package org.ctc4j.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.ctc4j.bench.Shape;

/**
 * What the stages of a run on a GPU found, as they write it: a line each, its parts separated by
 * tabs, the first of which says of what kind it is. A part that was not measured is {@code -}. What
 * is measured again replaces what was read before.
 */
final class Measurements {
  /**
   * {@code time}: a whole call, milliseconds.
   *
   * @param logits "flat" or "peaked"
   * @param mode "loss" or "gradient"
   * @param implementation with "-device" from device memory to device memory by CUDA events, else
   *     from host memory to host memory
   * @param lossError largest relative error of a loss
   * @param gradientError norm of the gradient's error by the gradient's
   */
  record Time(
      Shape shape,
      String logits,
      String mode,
      String implementation,
      double median,
      double fastest,
      double lossError,
      double gradientError) {}

  /** {@code kernel}: one kernel of a call for loss and gradient, milliseconds. */
  record Kernel(Shape shape, String logits, String name, double median, double fastest) {}

  /** {@code copy}: bytes read and, within the device, written, by the time that takes. */
  record Copy(String what, double gigabytesPerSecond) {}

  /** {@code projection}: a call on hidden states, and its matrix products alone. */
  record Projection(
      String sizes, String type, double milliseconds, double products, long workspaceBytes) {}

  /**
   * {@code stage}: how a stage ended.
   *
   * @param outcome "done", or what came instead
   */
  record Stage(String name, String outcome, int seconds) {}

  final List<Time> times = new ArrayList<>();
  final List<Kernel> kernels = new ArrayList<>();
  final List<Copy> copies = new ArrayList<>();
  final List<Projection> projections = new ArrayList<>();
  final List<Stage> stages = new ArrayList<>();

  /** {@code library}: name and version of what was timed. */
  final List<String> libraries = new ArrayList<>();

  /** Lines that were not understood, as of a process that was ended within one. */
  final List<String> unreadable = new ArrayList<>();

  /** A line, printed at once. */
  static void print(Object... parts) {
    System.out.println(String.join("\t", Arrays.stream(parts).map(Measurements::text).toList()));
  }

  private static String text(Object part) {
    if (part instanceof Double number) {
      return number.isNaN() ? "-" : String.format(Locale.ROOT, "%.6g", number);
    }
    return part instanceof Shape shape ? shape.name() : part.toString();
  }

  /** Adds the lines of a file. */
  void read(Path file) throws IOException {
    for (String line : Files.readAllLines(file)) {
      try {
        add(line.split("\t"));
      } catch (RuntimeException e) {
        unreadable.add(file.getFileName() + ": " + line);
      }
    }
  }

  private void add(String[] parts) {
    switch (parts[0]) {
      case "time" ->
          put(
              times,
              new Time(
                  Shape.of(parts[1]),
                  parts[2],
                  parts[3],
                  parts[4],
                  number(parts[5]),
                  number(parts[6]),
                  number(parts[7]),
                  number(parts[8])),
              time -> List.of(time.shape, time.logits, time.mode, time.implementation));
      case "kernel" ->
          put(
              kernels,
              new Kernel(
                  Shape.of(parts[1]), parts[2], parts[3], number(parts[4]), number(parts[5])),
              kernel -> List.of(kernel.shape, kernel.logits, kernel.name));
      case "copy" -> put(copies, new Copy(parts[1], number(parts[2])), Copy::what);
      case "projection" ->
          put(
              projections,
              new Projection(
                  parts[1], parts[2], number(parts[3]), number(parts[4]), Long.parseLong(parts[5])),
              projection -> List.of(projection.sizes, projection.type));
      case "stage" ->
          put(stages, new Stage(parts[1], parts[2], Integer.parseInt(parts[3])), Stage::name);
      case "library" -> put(libraries, parts[1], name -> name);
      default -> throw new IllegalArgumentException(parts[0]);
    }
  }

  /** In the place of the one with the same key, or as the last. */
  private static <T> void put(List<T> all, T next, Function<T, Object> key) {
    List<Object> keys = all.stream().map(key).toList();
    int at = keys.indexOf(key.apply(next));
    if (at < 0) {
      all.add(next);
    } else {
      all.set(at, next);
    }
  }

  private static double number(String part) {
    return part.equals("-") ? Double.NaN : Double.parseDouble(part);
  }

  static double median(double[] numbers) {
    double[] sorted = numbers.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  static double fastest(double[] numbers) {
    return Arrays.stream(numbers).min().orElseThrow();
  }
}
