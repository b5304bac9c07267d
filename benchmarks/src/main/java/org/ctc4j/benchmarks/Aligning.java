package org.ctc4j.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.management.CompilationMXBean;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Locale;
import org.ctc4j.Backend;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcPath;
import org.ctc4j.EngineOptions;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;

/**
 * {@link CtcAligner} beside the loops of peers/viterbi.cpp, as a table in Markdown: ten calls of
 * each, in turn, in this JVM and a process, on one thread; seconds of processor time, which other
 * processes on the machine disturb less than the time on the clock. Both must find the same path.
 * How far the calls of C++, which has no compiler and no collector beside it, are apart is the
 * machine's share.
 *
 * <p>To be run in {@code benchmarks/}, which has g++ compile the peer.
 */
final class Aligning implements AutoCloseable {
  private static final int CALLS = 10;

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
  private final CtcAligner aligner =
      CtcAligner.create(Backend.CPU, EngineOptions.DEFAULT.withThreads(1));
  private final Path folder;
  private final Workload workload;
  private final Process peer;
  private final BufferedReader answers;

  private Aligning(Workload workload, Path folder) throws IOException, InterruptedException {
    this.workload = workload;
    this.folder = folder;
    Path program = folder.resolve("viterbi");
    String[] compile = {
      "g++", "-O3", "-march=native", "peers/viterbi.cpp", "-o", program.toString()
    };
    if (new ProcessBuilder(compile).inheritIO().start().waitFor() != 0) {
      throw new IOException("failed: " + String.join(" ", compile));
    }
    Path utterance = folder.resolve("utterance");
    write(utterance);
    peer =
        new ProcessBuilder(program.toString(), utterance.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    answers =
        new BufferedReader(new InputStreamReader(peer.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * @param args a shape, TxNxCxL with N = 1; default: some hours of speech
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Shape shape = Shape.of(args.length == 0 ? "89583x1x32x22970" : args[0]);
    Path folder = Files.createTempDirectory("ctc4j-aligning");
    try (Aligning aligning = new Aligning(Workload.of(shape), folder)) {
      aligning.print();
    }
  }

  private void print() throws IOException {
    double[] ours = new double[CALLS];
    double[] onClock = new double[CALLS];
    double[] theirs = new double[CALLS];
    System.out.println(workload.shape().sizes());
    System.out.println();
    System.out.println("| call | ctc4j | on the clock | compiling | GC | C++ | ctc4j / C++ |");
    System.out.println("|---|---:|---:|---:|---:|---:|---:|");
    for (int i = 0; i < CALLS; i++) {
      long compiling = compiler.getTotalCompilationTime();
      long collecting = collecting();
      long startOnClock = System.nanoTime();
      long start = threads.getCurrentThreadCpuTime();
      CtcPath path = aligner.align(workload.batch()).get(0);
      ours[i] = 1e-9 * (threads.getCurrentThreadCpuTime() - start);
      onClock[i] = 1e-9 * (System.nanoTime() - startOnClock);
      String beside =
          String.format(
              Locale.ROOT,
              "%.3f | %.3f",
              1e-3 * (compiler.getTotalCompilationTime() - compiling),
              1e-3 * (collecting() - collecting));
      theirs[i] = call(sum(path));
      printRow(Integer.toString(i + 1), ours[i], onClock[i], beside, theirs[i]);
    }
    printRow("median", median(ours), median(onClock), "– | –", median(theirs));
    System.out.printf(
        Locale.ROOT,
        "%nThe slowest call takes %.3f times the fastest, on the clock %.3f times, of C++ %.3f.%n",
        spread(ours),
        spread(onClock),
        spread(theirs));
  }

  private static long collecting() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
        .sum();
  }

  private static double spread(double[] numbers) {
    return Arrays.stream(numbers).max().orElseThrow() / Arrays.stream(numbers).min().orElseThrow();
  }

  private static void printRow(
      String name, double ours, double onClock, String beside, double theirs) {
    System.out.printf(
        Locale.ROOT,
        "| %s | %.3f | %.3f | %s | %.3f | %.2f |%n",
        name,
        ours,
        onClock,
        beside,
        theirs,
        ours / theirs);
  }

  /** Seconds that the peer takes; its path must be this one. */
  private double call(long sum) throws IOException {
    OutputStream in = peer.getOutputStream();
    in.write('\n');
    in.flush();
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException("the peer has ended");
    }
    String[] words = answer.split(" ");
    if (Long.parseUnsignedLong(words[1]) != sum) {
      throw new IllegalStateException("the peer finds another path");
    }
    return 1e-3 * Double.parseDouble(words[0]);
  }

  private static long sum(CtcPath path) {
    long sum = 0;
    for (int t = 0; t < path.frames(); t++) {
      sum += (t + 1L) * path.state(t);
    }
    return sum;
  }

  private static double median(double[] numbers) {
    double[] sorted = numbers.clone();
    Arrays.sort(sorted);
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }

  /** As peers/viterbi.cpp reads it. */
  private void write(Path file) throws IOException {
    int[] target = workload.targets()[0];
    float[] logits = workload.logits();
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.addExact(12, 4 * (target.length + logits.length)))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(workload.shape().frames()).putInt(workload.shape().classes());
    bytes.putInt(target.length);
    for (int label : target) {
      bytes.putInt(label);
    }
    for (float x : logits) {
      bytes.putFloat(x);
    }
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      bytes.flip();
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  @Override
  public void close() throws IOException {
    peer.destroy();
    answers.close();
    for (String name : new String[] {"viterbi", "utterance", ""}) {
      Files.delete(folder.resolve(name));
    }
  }
}
