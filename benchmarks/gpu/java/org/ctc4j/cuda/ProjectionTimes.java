package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuMemsetD8Async;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.ctc4j.CtcOptions;
import org.ctc4j.CudaCtc;
import org.ctc4j.CudaDevice;
import org.ctc4j.DeviceProjectedBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceProjection;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.cuda.driver.Cublas;
import org.ctc4j.cuda.driver.CublasLibrary;
import org.ctc4j.cuda.driver.DeviceMemory;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.Launch;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.ctc4j.cuda.kernels.ProjectionShape;
import org.ctc4j.cuda.kernels.ProjectionWorkspace;

/**
 * Times losses and all gradients of projected batches on a GPU by CUDA events, and beside them
 * their matrix products alone, of the same shapes in the same chunks. Medians, in lines of {@link
 * Measurements}. Arguments: shapes as TxNxCxLxD, or none for a few.
 */
public final class ProjectionTimes {
  private static final int WARM_UP = 3;
  private static final int RUNS = 11;
  private static final String[] SHAPES = {"500x32x5000x100x512", "200x16x250000x50x1024"};

  private ProjectionTimes() {}

  public static void main(String... shapes) {
    String reason = CublasLibrary.unavailability();
    if (!reason.isEmpty()) {
      System.err.println("projections are not timed: " + reason);
      System.exit(3);
    }
    CudaDevice device = CudaCtc.devices().get(0);
    try (PrimaryContext context = new PrimaryContext(device.index());
        CudaCtc ctc = CudaCtc.create(device.index(), EngineOptions.DEFAULT)) {
      for (String shape : shapes.length == 0 ? SHAPES : shapes) {
        int[] sizes = Arrays.stream(shape.split("x")).mapToInt(Integer::parseInt).toArray();
        for (ElementType type : ElementType.values()) {
          for (boolean fast : new boolean[] {false, true}) {
            if (!fast || type != ElementType.FLOAT64) {
              context.whileCurrent(
                  () -> {
                    try (Timed timed = new Timed(sizes, type, fast, device.architecture())) {
                      timed.print(ctc, shape);
                    }
                  });
            }
          }
        }
      }
    }
  }

  /** One shape and type in device memory. */
  private static final class Timed implements AutoCloseable {
    private final DeviceArrays arrays = new DeviceArrays();
    private final Stream stream = new Stream();
    private final StreamTimer timer = new StreamTimer(stream);
    private final Cublas cublas = new Cublas();
    private final ProjectionShape shape;
    private final DeviceProjectedBatch batch;
    private final DeviceProjectedResult result;
    private final ProjectionWorkspace workspace;

    Timed(int[] sizes, ElementType type, boolean fast, int architecture) {
      int frames = sizes[0];
      int n = sizes[1];
      int classes = sizes[2];
      int labels = sizes[3];
      int dimensions = sizes[4];
      shape =
          new ProjectionShape(
              new ProjectionShape.Batch(frames, n, frames * n, labels),
              new ProjectionShape.Layer(type, classes, dimensions, fast),
              new ProjectionShape.Gradients(true, true, true));
      workspace =
          new ProjectionWorkspace(shape, EngineOptions.DEFAULT.workspaceBytes(), architecture);
      int[] targets = new int[n * labels];
      Arrays.setAll(targets, i -> 1 + (int) (i * 2654435761L % (classes - 1)));
      int[] lengths = new int[n];
      int[] inputLengths = new int[n];
      Arrays.fill(lengths, labels);
      Arrays.fill(inputLengths, frames);
      long hidden = filled((long) frames * n * dimensions * type.bytes());
      ElementType wide = shape.wide();
      batch =
          new DeviceProjectedBatch(
              DeviceTensor.timeMajor(hidden, type, n, dimensions),
              frames,
              n,
              new DeviceProjection(
                  filled((long) classes * dimensions * type.bytes()),
                  filled((long) classes * type.bytes()),
                  type,
                  classes,
                  dimensions,
                  fast),
              DeviceTargets.padded(arrays.of(targets), n, labels, arrays.of(lengths)),
              arrays.of(inputLengths));
      result =
          new DeviceProjectedResult(
              new DeviceResult(
                  arrays.allocate(8L * n),
                  arrays.allocate(4L * n),
                  arrays.allocate(8),
                  DeviceTensor.timeMajor(
                      arrays.allocate((long) frames * n * dimensions * wide.bytes()),
                      wide,
                      n,
                      dimensions)),
              arrays.allocate((long) classes * dimensions * wide.bytes()),
              arrays.allocate((long) classes * wide.bytes()),
              wide);
    }

    /** All numbers the same small one: nothing that is timed depends on them. */
    private long filled(long bytes) {
      long address = arrays.allocate(bytes);
      Driver.call(
          "cuMemsetD8Async",
          () ->
              cuMemsetD8Async(DeviceMemory.pointer(address), (byte) 0x1c, bytes, stream.handle()));
      return address;
    }

    void print(CudaCtc ctc, String name) {
      long memory = arrays.allocate(workspace.bytes);
      long handle = StreamAddress.of(stream.handle());
      double call =
          median(
              () ->
                  ctc.enqueue(batch, CtcOptions.DEFAULT, result, handle, memory, workspace.bytes));
      Driver.call(
          "cuMemsetD8Async",
          () ->
              cuMemsetD8Async(
                  DeviceMemory.pointer(memory), (byte) 0x1c, workspace.bytes, stream.handle()));
      Launch launch = new Launch(stream.handle(), () -> name);
      long room = memory + workspace.cublasAt;
      cublas.use(launch, room, workspace.cublasBytes, shape.layer().fast());
      double products = median(() -> products(memory, launch));
      Measurements.print(
          "projection",
          name,
          shape.layer().type() + (shape.layer().fast() ? " fast" : ""),
          call,
          products,
          workspace.bytes);
    }

    /** As ProjectionKernels has them, without what is between. */
    private void products(long base, Launch launch) {
      for (int pass = 1; pass <= 2; pass++) {
        for (int c = 0; c < shape.layer().classes(); c += workspace.classesOfChunk) {
          for (int r = 0; r < shape.batch().rows(); r += workspace.rowsOfChunk) {
            productsOf(pass, c, r, base, launch);
          }
        }
      }
    }

    private void productsOf(int pass, int c, int r, long base, Launch launch) {
      int classes = Math.min(workspace.classesOfChunk, shape.layer().classes() - c);
      int rows = Math.min(workspace.rowsOfChunk, shape.batch().rows() - r);
      int d = shape.layer().dimensions();
      ElementType type = shape.layer().type();
      ElementType wide = shape.wide();
      long row = (long) r * d;
      Cublas.Matrix hidden =
          new Cublas.Matrix(base + workspace.copy + row * type.bytes(), type, rows, d, d);
      Cublas.Matrix weight =
          new Cublas.Matrix(
              batch.projection().weight() + (long) c * d * type.bytes(), type, classes, d, d);
      int pitch = workspace.pitch;
      multiply(
          hidden,
          weight.transpose(),
          Cublas.Factor.ZERO,
          new Cublas.Matrix(base + workspace.logits, wide, rows, classes, pitch),
          launch);
      long[] gradients =
          workspace.parts == 0
              ? new long[] {workspace.logits}
              : IntStream.range(0, workspace.parts).mapToLong(workspace::part).toArray();
      for (long at : pass == 1 ? new long[0] : gradients) {
        Cublas.Matrix gradient = new Cublas.Matrix(base + at, type, rows, classes, pitch);
        long hiddenSum = base + workspace.hiddenSum + row * wide.bytes();
        multiply(
            gradient,
            weight,
            Cublas.Factor.ONE,
            new Cublas.Matrix(hiddenSum, wide, rows, d, d),
            launch);
        multiply(
            gradient.transpose(),
            hidden,
            Cublas.Factor.ONE,
            new Cublas.Matrix(base + workspace.weightSum, wide, classes, d, d),
            launch);
      }
    }

    private void multiply(
        Cublas.Matrix a, Cublas.Matrix b, Cublas.Factor beta, Cublas.Matrix c, Launch launch) {
      cublas.multiply(Cublas.Factor.ONE, a, b, beta, c, launch);
    }

    private double median(Runnable enqueue) {
      return Measurements.median(timer.times(WARM_UP, RUNS, run -> enqueue.run()));
    }

    @Override
    public void close() {
      cublas.close();
      timer.close();
      stream.close();
      arrays.close();
    }
  }
}
