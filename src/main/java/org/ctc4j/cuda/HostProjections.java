package org.ctc4j.cuda;

import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceProjectedBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceProjection;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Reduction;

/**
 * Calls on hidden states in host memory. Hidden states (the used frames alone), weight and bias go
 * up as a whole, the gradients come down as a whole, and all that is between them stays on the
 * device, in one allocation that lasts for the call. The context must be current. Not thread-safe.
 */
final class HostProjections implements AutoCloseable {
  private final ProjectionKernels kernels;
  private final long workspaceLimit;
  private final int architecture;
  private final Stream stream = new Stream();
  private final PackedCopies copies = new PackedCopies(stream, Lane.PIECE_BYTES);
  private DeviceMemory memory; // of the call under way

  HostProjections(ProjectionKernels kernels, long workspaceLimit, int architecture) {
    this.kernels = kernels;
    this.workspaceLimit = workspaceLimit;
    this.architecture = architecture;
  }

  /** Where things lie: those that go up, those that come down, the workspace. */
  private static final class Layout {
    final ProjectionWorkspace workspace;
    final long starts;
    final long rowStarts;
    final long targetStarts;
    final long weights;
    final long targetLengths;
    final long inputLengths;
    final long labels;
    final int descriptionBytes;
    final long hidden;
    final long weight;
    final long bias;
    final long losses;
    final long statuses;
    final int lossesBytes;
    final long hiddenGradient;
    final long weightGradient;
    final long biasGradient;
    final long workspaceAt;
    final long bytes;
    private long end;

    Layout(HostProjectionCall call, long limit, int architecture) {
      long n = call.batch().utterances();
      long hiddenNumbers = call.rows() * call.dimensions();
      workspace =
          new ProjectionWorkspace(
              new ProjectionWorkspace.Shape(
                  call.type(),
                  call.frames(),
                  call.batch().utterances(),
                  call.classes(),
                  call.dimensions(),
                  call.labels(),
                  Math.toIntExact(call.rows()),
                  false,
                  call.hiddenGradient() != null,
                  call.weightGradient() != null,
                  call.biasGradient() != null),
              limit,
              architecture);
      starts = 0;
      rowStarts = starts + 8 * n;
      targetStarts = rowStarts + 8 * n;
      weights = targetStarts + 8 * n;
      targetLengths = weights + 8 * n;
      inputLengths = targetLengths + 4 * n;
      labels = inputLengths + 4 * n;
      descriptionBytes = Math.toIntExact(labels + 4 * call.totalLabels());
      next(descriptionBytes);
      hidden = next(hiddenNumbers * call.type().bytes());
      weight = next(call.weightNumbers() * call.type().bytes());
      bias = next(call.bias() == null ? 0 : (long) call.classes() * call.type().bytes());
      lossesBytes = Math.toIntExact(12 * n);
      losses = next(lossesBytes);
      statuses = losses + 8 * n;
      hiddenGradient = next(bytes(call.hiddenGradient(), hiddenNumbers));
      weightGradient = next(bytes(call.weightGradient(), call.weightNumbers()));
      biasGradient = next(bytes(call.biasGradient(), call.classes()));
      workspaceAt = next(workspace.bytes);
      bytes = end;
    }

    private static long bytes(HostTensor tensor, long numbers) {
      return tensor == null ? 0 : numbers * tensor.stagedType().bytes();
    }

    private long next(long size) {
      long at = end;
      end += Workspace.align(size);
      return at;
    }
  }

  void run(HostProjectionCall call) {
    if (call.rows() > Integer.MAX_VALUE
        || (long) call.frames() * call.batch().utterances() > Integer.MAX_VALUE) {
      throw new InvalidInputException(
          "expected T · N < 2^31 for the largest number of used frames T, got " + call.shape());
    }
    Layout layout = new Layout(call, workspaceLimit, architecture);
    Supplier<String> doing = () -> "computing " + call.shape();
    memory = new DeviceMemory(layout.bytes, call::shape);
    try {
      upload(call, layout, memory.address(), doing);
      kernels.enqueue(
          deviceCall(call, layout, memory.address()),
          layout.workspace,
          memory.address() + layout.workspaceAt,
          stream.handle());
      download(call, layout, memory.address(), doing);
    } catch (RuntimeException | Error e) {
      stream.settle(e); // if that fails, the memory stays until the end
      memory.close();
      throw e;
    }
    memory.close();
  }

  private void upload(HostProjectionCall call, Layout layout, long base, Supplier<String> doing) {
    describe(call, layout, copies.reserve(layout.descriptionBytes, doing).bytes());
    copies.up(base, layout.descriptionBytes, doing);
    copies.up(
        call.hidden(),
        call.batch().utterances(),
        n -> (long) call.batch().inputLength(n) * call.dimensions(),
        base + layout.hidden,
        doing);
    copies.up(call.weight(), 1, n -> call.weightNumbers(), base + layout.weight, doing);
    if (call.bias() != null) {
      copies.up(call.bias(), 1, n -> call.classes(), base + layout.bias, doing);
    }
  }

  private static void describe(HostProjectionCall call, Layout layout, ByteBuffer bytes) {
    int[] labels = new int[call.labels()];
    long row = 0;
    int targetStart = 0;
    for (int n = 0; n < call.batch().utterances(); n++) {
      int length = call.batch().targets().length(n);
      bytes.putLong((int) layout.starts + 8 * n, row * call.dimensions());
      bytes.putLong((int) layout.rowStarts + 8 * n, row);
      bytes.putLong((int) layout.targetStarts + 8 * n, targetStart);
      bytes.putDouble((int) layout.weights + 8 * n, call.weights()[n]);
      bytes.putInt((int) layout.targetLengths + 4 * n, length);
      bytes.putInt((int) layout.inputLengths + 4 * n, call.batch().inputLength(n));
      call.batch().targets().copyTo(n, labels);
      for (int k = 0; k < length; k++) {
        bytes.putInt((int) layout.labels + 4 * (targetStart + k), labels[k]);
      }
      row += call.batch().inputLength(n);
      targetStart += length;
    }
  }

  private static ProjectionCall deviceCall(HostProjectionCall call, Layout layout, long base) {
    int dimensions = call.dimensions();
    long starts = base + layout.starts;
    DeviceBatch frames =
        new DeviceBatch(
            DeviceTensor.packed(base + layout.hidden, call.type(), starts, dimensions),
            call.frames(),
            call.batch().utterances(),
            dimensions,
            DeviceTargets.concatenated(
                base + layout.labels,
                call.totalLabels(),
                base + layout.targetStarts,
                base + layout.targetLengths,
                call.labels()),
            base + layout.inputLengths,
            base + layout.inputLengths, // room for what is used; the rest is the host's
            base + layout.weights);
    DeviceProjection projection =
        new DeviceProjection(
            base + layout.weight,
            call.bias() == null ? 0 : base + layout.bias,
            call.type(),
            call.classes(),
            dimensions);
    HostTensor hiddenGradient = call.hiddenGradient();
    DeviceTensor gradient =
        hiddenGradient == null
            ? null
            : DeviceTensor.packed(
                base + layout.hiddenGradient, hiddenGradient.stagedType(), starts, dimensions);
    DeviceResult losses =
        new DeviceResult(base + layout.losses, base + layout.statuses, 0, gradient);
    // weights, reduction and zeroInfinity are dealt with on the host
    CtcOptions options = call.options().withReduction(Reduction.NONE).withZeroInfinity(false);
    return new ProjectionCall(
        new DeviceProjectedBatch(frames, projection),
        options,
        new DeviceProjectedResult(
            losses,
            call.weightGradient() == null ? 0 : base + layout.weightGradient,
            call.biasGradient() == null ? 0 : base + layout.biasGradient,
            call.outputType()),
        base + layout.rowStarts,
        Math.toIntExact(call.rows()));
  }

  private void download(HostProjectionCall call, Layout layout, long base, Supplier<String> doing) {
    int n = call.batch().utterances();
    ByteBuffer bytes = copies.reserve(layout.lossesBytes, doing).bytes();
    copies.down(base + layout.losses, layout.lossesBytes, doing);
    for (int i = 0; i < n; i++) {
      call.losses()[i] = bytes.getDouble(8 * i);
      call.statuses()[i] = Lane.status(i, bytes.getInt(8 * n + 4 * i));
    }
    if (call.hiddenGradient() != null) {
      copies.down(
          call.hiddenGradient(),
          n,
          i -> (long) call.batch().inputLength(i) * call.dimensions(),
          base + layout.hiddenGradient,
          doing);
      for (int i = 0; i < n; i++) {
        call.hiddenGradient().clear(i, call.batch().inputLength(i));
      }
    }
    if (call.weightGradient() != null) {
      copies.down(
          call.weightGradient(), 1, i -> call.weightNumbers(), base + layout.weightGradient, doing);
    }
    if (call.biasGradient() != null) {
      copies.down(call.biasGradient(), 1, i -> call.classes(), base + layout.biasGradient, doing);
    }
  }

  @Override
  public void close() {
    if (memory != null) {
      memory.close();
    }
    copies.close();
    stream.close();
  }
}
