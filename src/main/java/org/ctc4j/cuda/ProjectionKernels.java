package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuMemsetD8Async;

import jcuda.driver.CUstream;
import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceProjection;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;

/**
 * The order in which products and kernels of a call on hidden states run: two passes over the
 * logits, chunk by chunk, and between them the kernels for whole logits on the compact problem. See
 * kernels/projection.cu. {@link #enqueue} may be called from many threads at once; while it
 * enqueues it holds the lock of all enqueueing of the engine, its {@link Kernels}.
 */
final class ProjectionKernels implements AutoCloseable {
  private static final Cublas.Factor[] PARTS = {
    Cublas.Factor.ONE, Cublas.Factor.LOW, Cublas.Factor.LOWEST
  };

  private final Kernels kernels;
  private final KernelModules modules;
  private final CtcProjection projection;
  private final ProjectionArguments arguments;
  private final Cublas cublas;

  /**
   * {@link CublasLibrary} must be available; the context must be current, here and in all calls.
   *
   * @param kernels for the compact problem; they stay the caller's
   */
  ProjectionKernels(Kernels kernels, int deviceArchitecture) {
    this.kernels = kernels;
    modules = new KernelModules(deviceArchitecture);
    projection = new CtcProjection(modules);
    arguments = new ProjectionArguments();
    try {
      cublas = new Cublas();
    } catch (RuntimeException e) {
      arguments.close();
      throw e;
    }
  }

  /**
   * Everything a call needs, on one stream, without waiting for any of it.
   *
   * @param workspaceAddress of at least {@code workspace.bytes}
   */
  void enqueue(
      ProjectionCall call, ProjectionWorkspace workspace, long workspaceAddress, CUstream stream) {
    synchronized (kernels) {
      new Run(call, workspace, workspaceAddress, stream).enqueue();
    }
  }

  @Override
  public void close() {
    cublas.close();
    arguments.close();
    modules.close();
  }

  /** The enqueueing of one call. */
  private final class Run {
    private final ProjectionCall call;
    private final ProjectionWorkspace workspace;
    private final long base;
    private final Launch launch;
    private final DeviceBatch frames;
    private final DeviceProjection layer;
    private final DeviceProjectedResult result;
    private final ElementType type;
    private final ElementType wide;
    private final CtcProjection.Launcher steps;

    Run(ProjectionCall call, ProjectionWorkspace workspace, long base, CUstream stream) {
      this.call = call;
      this.workspace = workspace;
      this.base = base;
      frames = call.frames();
      layer = call.projection();
      result = call.result();
      type = layer.type();
      wide = type == ElementType.FLOAT64 ? ElementType.FLOAT64 : ElementType.FLOAT32;
      launch = new Launch(stream, call.batch()::shape);
      steps = projection.launcher(type, arguments.pointers(), launch);
    }

    void enqueue() {
      arguments.setCall(call, workspace, base);
      cublas.use(launch, base + workspace.cublasAt, workspace.cublasBytes, layer.fast());
      DeviceBatch labels =
          new DeviceBatch(
              frames.logits(),
              frames.frames(),
              frames.utterances(),
              layer.classes(),
              frames.targets(),
              frames.inputLengths(),
              frames.frameCounts(),
              frames.weights());
      kernels.prepare(
          labels,
          CallOptions.ofDevice(call.options()),
          result.losses(),
          workspace.compact,
          compact(),
          new Launch(launch.stream(), labels::shape));
      steps.targets(frames.utterances());
      steps.rows(frames.utterances());
      steps.gather(call.rows());
      forEachChunk(this::sum, part -> {});
      steps.finish(call.rows());
      enqueueLattice();
      if (result.hasGradient()) {
        secondPass();
      }
    }

    private void secondPass() {
      arguments.setSecondPass(result.biasGradient() != 0);
      steps.scale();
      steps.rows(frames.utterances());
      steps.gather(call.rows());
      forEachChunk(this::addGradients, this::storeWeights);
      if (result.losses().gradient() != null) {
        steps.hidden((long) frames.frames() * frames.utterances());
      }
    }

    /** A chunk of the first pass. */
    private void sum(Part part) {
      multiplyLogits(part);
      steps.sum(part.rowCount);
    }

    /** A chunk of the second pass. */
    private void addGradients(Part part) {
      multiplyLogits(part);
      steps.gradient(part.rowCount);
      if (result.biasGradient() != 0) {
        steps.bias(part.classCount);
      }
      if (type == wide) {
        addProducts(Cublas.Factor.ONE, part, workspace.logits, part.isFirstOfClasses());
      }
      for (int i = 0; i < workspace.parts; i++) {
        addProducts(PARTS[i], part, workspace.part(i), i == 0 && part.isFirstOfClasses());
      }
    }

    /** logits = hidden · weightᵀ */
    private void multiplyLogits(Part part) {
      cublas.multiply(
          Cublas.Factor.ONE,
          hidden(part),
          weight(part).transpose(),
          Cublas.Factor.ZERO,
          matrix(workspace.logits, wide, part.rowCount, part.classCount, workspace.pitch),
          launch);
    }

    /**
     * hiddenSum += gradient · weight and weightSum += gradientᵀ · hidden, those that are wanted.
     *
     * @param gradient offset of the chunk's gradient of the logits
     * @param first whether nothing is in hiddenSum yet; in weightSum nothing is before the first
     *     rows
     */
    private void addProducts(Cublas.Factor alpha, Part part, long gradient, boolean first) {
      Cublas.Matrix logits =
          matrix(gradient, type, part.rowCount, part.classCount, workspace.pitch);
      int dimensions = layer.dimensions();
      if (result.losses().gradient() != null) {
        long at = workspace.hiddenSum + (long) part.firstRow * dimensions * wide.bytes();
        cublas.multiply(
            alpha,
            logits,
            weight(part),
            first ? Cublas.Factor.ZERO : Cublas.Factor.ONE,
            matrix(at, wide, part.rowCount, dimensions, dimensions),
            launch);
      }
      if (result.weightGradient() != 0) {
        cublas.multiply(
            alpha,
            logits.transpose(),
            hidden(part),
            alpha == Cublas.Factor.ONE && part.firstRow == 0
                ? Cublas.Factor.ZERO
                : Cublas.Factor.ONE,
            matrix(workspace.weightSum, wide, part.classCount, dimensions, dimensions),
            launch);
      }
    }

    private void storeWeights(Part part) {
      if (result.weightGradient() == 0 && result.biasGradient() == 0) {
        return;
      }
      if (call.rows() == 0) {
        clear(workspace.weightSum, workspace.biasSum - workspace.weightSum);
        clear(workspace.biasSum, workspace.scale - workspace.biasSum);
      }
      steps.weights(part.classCount, layer.dimensions());
    }

    private void clear(long at, long bytes) {
      if (bytes > 0) {
        Driver.call(
            "cuMemsetD8Async",
            launch.doing(),
            () ->
                cuMemsetD8Async(DeviceMemory.pointer(base + at), (byte) 0, bytes, launch.stream()));
      }
    }

    private Cublas.Matrix hidden(Part part) {
      int dimensions = layer.dimensions();
      long at = workspace.copy + (long) part.firstRow * dimensions * type.bytes();
      return matrix(at, type, part.rowCount, dimensions, dimensions);
    }

    private Cublas.Matrix weight(Part part) {
      int dimensions = layer.dimensions();
      long at = layer.weight() + (long) part.firstClass * dimensions * type.bytes();
      return new Cublas.Matrix(at, type, part.classCount, dimensions, dimensions);
    }

    private Cublas.Matrix matrix(long at, ElementType elements, int rows, int columns, int pitch) {
      return new Cublas.Matrix(base + at, elements, rows, columns, pitch);
    }

    private long compact() {
      return base + workspace.compactAt;
    }

    /** Losses, and the table's gradient, of the problem whose classes are the table's columns. */
    private void enqueueLattice() {
      int labels = frames.targets().maxLength();
      int columns = call.columns();
      long starts = base + workspace.tableStart;
      DeviceBatch compact =
          new DeviceBatch(
              DeviceTensor.packed(base + workspace.table, ElementType.FLOAT64, starts, columns),
              frames.frames(),
              frames.utterances(),
              columns,
              DeviceTargets.padded(
                  base + workspace.targets,
                  frames.utterances(),
                  labels,
                  base + workspace.targetLength),
              frames.inputLengths(),
              frames.frameCounts(),
              frames.weights());
      CtcOptions options = call.options().withBlank(0);
      DeviceTensor gradient =
          result.hasGradient()
              ? DeviceTensor.packed(
                  base + workspace.tableGradient, ElementType.FLOAT64, starts, columns)
              : null;
      DeviceResult losses = result.losses();
      kernels.enqueue(
          compact,
          CallOptions.ofDevice(options),
          new DeviceResult(losses.losses(), losses.statuses(), losses.reduced(), gradient),
          workspace.compact,
          compact(),
          new Launch(launch.stream(), compact::shape));
    }

    /** Classes in the outer loop: a chunk of the weight's gradient is done when its rows are. */
    private void forEachChunk(Work chunk, Work afterClasses) {
      for (int c = 0; c < layer.classes(); c += workspace.classesOfChunk) {
        int classes = Math.min(workspace.classesOfChunk, layer.classes() - c);
        arguments.setClasses(c, classes);
        for (int r = 0; r < call.rows(); r += workspace.rowsOfChunk) {
          int rows = Math.min(workspace.rowsOfChunk, call.rows() - r);
          arguments.setRows(r, rows);
          chunk.enqueue(new Part(r, rows, c, classes));
        }
        afterClasses.enqueue(new Part(0, 0, c, classes));
      }
    }
  }

  /** What to enqueue for a chunk. */
  private interface Work {
    void enqueue(Part part);
  }

  /** A chunk of the logits. */
  private record Part(int firstRow, int rowCount, int firstClass, int classCount) {
    boolean isFirstOfClasses() {
      return firstClass == 0;
    }
  }
}
