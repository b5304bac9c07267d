package org.ctc4j.cuda.kernels;

import java.util.function.Consumer;
import jcuda.driver.CUstream;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceProjection;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.Cublas;
import org.ctc4j.cuda.driver.CublasLibrary;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * The order in which products and kernels of a call on hidden states run: two passes over the
 * logits, chunk by chunk, and between them the kernels for whole logits on the compact problem. See
 * kernels/projection.cu. {@link #enqueue} may be called from many threads at once; while it
 * enqueues it holds the lock of all enqueueing of the engine, its {@link LossKernels}.
 */
public final class ProjectionKernels implements AutoCloseable {
  private static final Cublas.Factor[] PARTS = {
    Cublas.Factor.ONE, Cublas.Factor.LOW, Cublas.Factor.LOWEST
  };

  private final LossKernels kernels;
  private final KernelModules modules;
  private final ProjectionLauncher launcher;
  private final ProjectionArguments arguments;
  private final Cublas cublas;

  /**
   * {@link CublasLibrary} must be available; the context must be current, here and in all calls.
   *
   * @param kernels for the compact problem; they stay the caller's
   */
  ProjectionKernels(LossKernels kernels, int deviceArchitecture) {
    this.kernels = kernels;
    modules = new KernelModules(deviceArchitecture);
    launcher = new ProjectionLauncher(modules);
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
  public void enqueue(
      ProjectionCall call, ProjectionWorkspace workspace, long workspaceAddress, CUstream stream) {
    synchronized (kernels) {
      new Passes(call, workspace, workspaceAddress, stream).enqueue();
    }
  }

  @Override
  public void close() {
    cublas.close();
    arguments.close();
    modules.close();
  }

  /** One call, which goes over the logits twice. */
  private final class Passes {
    private final ProjectionCall call;
    private final ProjectionWorkspace workspace;
    private final long base;
    private final Launch launch;
    private final DeviceBatch frames;
    private final DeviceProjection layer;
    private final DeviceProjectedResult result;
    private final ElementType type;
    private final ElementType wide;
    private final ProjectionLauncher.Steps steps;

    Passes(ProjectionCall call, ProjectionWorkspace workspace, long base, CUstream stream) {
      this.call = call;
      this.workspace = workspace;
      this.base = base;
      frames = call.frames();
      layer = call.projection();
      result = call.result();
      type = layer.type();
      wide = type == ElementType.FLOAT64 ? ElementType.FLOAT64 : ElementType.FLOAT32;
      launch = new Launch(stream, call.batch()::shape);
      steps = launcher.steps(type, arguments.pointers(), launch);
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
      CallOptions options = CallOptions.ofDevice(labels, call.options());
      kernels.prepare(
          labels,
          options,
          result.losses(),
          workspace.compact,
          compact(),
          new Launch(launch.stream(), labels::shape));
      steps.targets(frames.utterances());
      steps.rows(frames.utterances());
      steps.gather(call.rows());
      forEachChunk(this::sum, chunk -> {});
      steps.finish(call.rows());
      enqueueLattice(options.offsets());
      if (result.hasGradient()) {
        secondPass(options.offsets() != null);
      }
    }

    private void secondPass(boolean hasOffsets) {
      arguments.setSecondPass(result.biasGradient() != 0, hasOffsets);
      steps.scale();
      steps.rows(frames.utterances());
      steps.gather(call.rows());
      forEachChunk(this::addGradients, this::storeWeights);
      if (result.losses().gradient() != null) {
        steps.hidden((long) frames.frames() * frames.utterances());
      }
    }

    /** A chunk of the first pass. */
    private void sum(LogitsChunk chunk) {
      multiplyLogits(chunk);
      steps.sum(chunk.rowCount);
    }

    /** A chunk of the second pass. */
    private void addGradients(LogitsChunk chunk) {
      multiplyLogits(chunk);
      steps.gradient(chunk.rowCount);
      if (result.biasGradient() != 0) {
        steps.bias(chunk.classCount);
      }
      if (type == wide) {
        addProducts(Cublas.Factor.ONE, chunk, workspace.logits, chunk.isFirstOfClasses());
      }
      for (int i = 0; i < workspace.parts; i++) {
        addProducts(PARTS[i], chunk, workspace.part(i), i == 0 && chunk.isFirstOfClasses());
      }
    }

    /** logits = hidden · weightᵀ */
    private void multiplyLogits(LogitsChunk chunk) {
      cublas.multiply(
          Cublas.Factor.ONE,
          hidden(chunk),
          weight(chunk).transpose(),
          Cublas.Factor.ZERO,
          matrix(workspace.logits, wide, chunk.rowCount, chunk.classCount, workspace.pitch),
          launch);
    }

    /**
     * hiddenSum += gradient · weight and weightSum += gradientᵀ · hidden, those that are wanted.
     *
     * @param gradient offset of the chunk's gradient of the logits
     * @param first whether nothing is in hiddenSum yet; in weightSum nothing is before the first
     *     rows
     */
    private void addProducts(Cublas.Factor alpha, LogitsChunk chunk, long gradient, boolean first) {
      Cublas.Matrix logits =
          matrix(gradient, type, chunk.rowCount, chunk.classCount, workspace.pitch);
      int dimensions = layer.dimensions();
      if (result.losses().gradient() != null) {
        long at = workspace.hiddenSum + (long) chunk.firstRow * dimensions * wide.bytes();
        cublas.multiply(
            alpha,
            logits,
            weight(chunk),
            first ? Cublas.Factor.ZERO : Cublas.Factor.ONE,
            matrix(at, wide, chunk.rowCount, dimensions, dimensions),
            launch);
      }
      if (result.weightGradient() != 0) {
        cublas.multiply(
            alpha,
            logits.transpose(),
            hidden(chunk),
            alpha == Cublas.Factor.ONE && chunk.firstRow == 0
                ? Cublas.Factor.ZERO
                : Cublas.Factor.ONE,
            matrix(workspace.weightSum, wide, chunk.classCount, dimensions, dimensions),
            launch);
      }
    }

    private void storeWeights(LogitsChunk chunk) {
      if (result.weightGradient() == 0 && result.biasGradient() == 0) {
        return;
      }
      if (call.rows() == 0) {
        clear(workspace.weightSum, workspace.biasSum - workspace.weightSum);
        clear(workspace.biasSum, workspace.scale - workspace.biasSum);
      }
      steps.weights(chunk.classCount, layer.dimensions());
    }

    private void clear(long at, long bytes) {
      launch.fill(base + at, 0, bytes);
    }

    private Cublas.Matrix hidden(LogitsChunk chunk) {
      int dimensions = layer.dimensions();
      long at = workspace.copy + (long) chunk.firstRow * dimensions * type.bytes();
      return matrix(at, type, chunk.rowCount, dimensions, dimensions);
    }

    private Cublas.Matrix weight(LogitsChunk chunk) {
      int dimensions = layer.dimensions();
      long at = layer.weight() + (long) chunk.firstClass * dimensions * type.bytes();
      return new Cublas.Matrix(at, type, chunk.classCount, dimensions, dimensions);
    }

    private Cublas.Matrix matrix(long at, ElementType elements, int rows, int columns, int pitch) {
      return new Cublas.Matrix(base + at, elements, rows, columns, pitch);
    }

    private long compact() {
      return base + workspace.compactAt;
    }

    /** Losses, and the table's gradient, of the problem whose classes are the table's columns. */
    private void enqueueLattice(TargetOffsets offsets) {
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
      DeviceTensor gradient =
          result.hasGradient()
              ? DeviceTensor.packed(
                  base + workspace.tableGradient, ElementType.FLOAT64, starts, columns)
              : null;
      DeviceResult losses = result.losses();
      kernels.enqueue(
          compact,
          CallOptions.ofCompact(call.options(), offsets),
          new DeviceResult(losses.losses(), losses.statuses(), losses.reduced(), gradient),
          workspace.compact,
          compact(),
          new Launch(launch.stream(), compact::shape));
    }

    /** Classes in the outer loop: a chunk of the weight's gradient is done when its rows are. */
    private void forEachChunk(
        Consumer<LogitsChunk> enqueueing, Consumer<LogitsChunk> afterClasses) {
      for (int c = 0; c < layer.classes(); c += workspace.classesOfChunk) {
        int classes = Math.min(workspace.classesOfChunk, layer.classes() - c);
        arguments.setClasses(c, classes);
        for (int r = 0; r < call.rows(); r += workspace.rowsOfChunk) {
          int rows = Math.min(workspace.rowsOfChunk, call.rows() - r);
          arguments.setRows(r, rows);
          enqueueing.accept(new LogitsChunk(r, rows, c, classes));
        }
        afterClasses.accept(new LogitsChunk(0, 0, c, classes));
      }
    }
  }

  /** A chunk of the logits. */
  private record LogitsChunk(int firstRow, int rowCount, int firstClass, int classCount) {
    boolean isFirstOfClasses() {
      return firstClass == 0;
    }
  }
}
