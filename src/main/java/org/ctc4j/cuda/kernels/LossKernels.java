package org.ctc4j.cuda.kernels;

import org.ctc4j.ConsistencyGradient;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceConsistencyBatch;
import org.ctc4j.DeviceConsistencyResult;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.InputKind;
import org.ctc4j.cuda.driver.DeviceLayout;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * The kernels of one engine and the order they run in. Calls may come from many threads at once:
 * this object is the lock of all enqueueing of the engine, that of {@link ProjectionKernels}
 * included, so that the launches of one call follow each other on a stream. It is held while a call
 * is enqueued, not while the device computes.
 */
public final class LossKernels implements DeviceKernels {
  private final KernelModules modules;
  private final PrepareLauncher prepare;
  private final FramesLauncher frames;
  private final LatticeLauncher lattice;
  private final LabelsLauncher labels;
  private final TargetOffsetsLauncher targetOffsets;
  private final OffsetsLauncher offsets;
  private final PosteriorsLauncher posteriors;
  private final SmallLossLauncher smallLoss;
  private final WildcardsLauncher wildcards;
  private final ConsistencyLauncher consistency;
  private final ReduceLauncher reduce;
  private final LossArguments arguments;

  /** The context must be current, here and in all calls. */
  public LossKernels(int deviceArchitecture) {
    modules = new KernelModules(deviceArchitecture);
    try {
      prepare = new PrepareLauncher(modules);
      frames = new FramesLauncher(modules);
      lattice = new LatticeLauncher(modules);
      labels = new LabelsLauncher(modules);
      targetOffsets = new TargetOffsetsLauncher(modules);
      offsets = new OffsetsLauncher(modules);
      posteriors = new PosteriorsLauncher(modules);
      smallLoss = new SmallLossLauncher(modules);
      wildcards = new WildcardsLauncher(modules);
      consistency = new ConsistencyLauncher(modules);
      reduce = new ReduceLauncher(modules);
      arguments = new LossArguments();
    } catch (RuntimeException e) {
      modules.close();
      throw e;
    }
  }

  /**
   * What decides which kernels run.
   *
   * @param offsets or null
   */
  private record Input(InputKind kind, TargetOffsets offsets) {
    boolean hasOffsets() {
      return offsets != null;
    }
  }

  /** Everything a batch needs, on one stream, without waiting for any of it. */
  public synchronized void enqueue(
      DeviceBatch batch,
      CallOptions options,
      DeviceResult result,
      LossWorkspace workspace,
      long workspaceAddress,
      Launch launch) {
    WildcardWorkspace wild = workspace.wildcards();
    long wildAddress = wild == null ? 0 : workspaceAddress + wild.at();
    DeviceBatch plain = wild == null ? batch : plain(batch, wildAddress + wild.plainLengthsAt());
    arguments.setProblem(plain, options, result, workspace, workspaceAddress);
    if (wild != null) {
      long offsetsAt = options.offsets() == null ? 0 : wildAddress + wild.offsetsAt();
      arguments.setWildcards(batch.targets(), wild, wildAddress, offsetsAt);
    }
    Input input = new Input(options.options().input(), options.offsets());
    enqueue(batch, input, result, workspace, workspaceAddress, launch);
  }

  /** With the target lengths at an address, 0 where there are wildcards. */
  private static DeviceBatch plain(DeviceBatch batch, long lengths) {
    DeviceTargets all = batch.targets();
    DeviceTargets plain =
        new DeviceTargets(
            all.labels(), all.starts(), all.stride(), all.size(), lengths, all.maxLength());
    return new DeviceBatch(
        batch.logits(),
        batch.frames(),
        batch.utterances(),
        batch.classes(),
        plain,
        batch.inputLengths(),
        batch.frameCounts(),
        batch.weights());
  }

  /** Loads the kernels that {@link #enqueue} would launch, whatever the options. */
  public synchronized void load(DeviceBatch batch, DeviceResult result, LossWorkspace workspace) {
    Launch launch = Launch.loading(batch::shape);
    enqueue(batch, new Input(InputKind.LOGITS, null), result, workspace, 0, launch);
    enqueueFrames(batch, InputKind.PROBABILITIES, launch);
    targetOffsets.load();
    offsets.load();
  }

  private void enqueueFrames(DeviceBatch batch, InputKind input, Launch launch) {
    long count = (long) batch.utterances() * batch.frames();
    if (input == InputKind.PROBABILITIES) {
      frames.enqueueProbabilities(count, arguments, launch);
    } else {
      frames.enqueue(batch.logits().type(), count, batch.classes(), arguments, launch);
    }
  }

  private void enqueue(
      DeviceBatch batch,
      Input input,
      DeviceResult result,
      LossWorkspace workspace,
      long workspaceAddress,
      Launch launch) {
    int n = batch.utterances();
    int longest = batch.targets().maxLength();
    boolean gradient = result.gradient() != null;
    boolean keepsRows = gradient || result.hasPosteriors();
    if (workspace.wildcards() != null) {
      wildcards.enqueuePrepare(n, arguments, launch);
    }
    prepare.enqueue(n, arguments, launch);
    enqueueFrames(batch, input.kind, launch);
    if (input.hasOffsets()) {
      targetOffsets.enqueue(input.offsets, workspaceAddress + workspace.offsetsAt(), launch);
      arguments.setOffsets(workspaceAddress + workspace.offsetsAt());
      offsets.enqueueWeights((long) n * batch.frames(), arguments, launch);
    }
    LatticePlan plan =
        lattice.begin(batch.frames(), n, longest, workspace, workspaceAddress, launch);
    for (int segment = 0; segment < workspace.segments(); segment++) {
      arguments.setSegment(segment);
      lattice.enqueue(plan, n, segment, keepsRows, arguments, launch);
      if (gradient && input.hasOffsets()) {
        arguments.setOffsets(workspaceAddress + workspace.offsetsAt());
        offsets.enqueueLabels(n, workspace.rowsKept(), arguments, launch);
      } else if (gradient) {
        labels.enqueue(n, workspace.rowsKept(), arguments, launch);
      }
      if (result.hasPosteriors()) {
        arguments.setPosteriors(result); // where the offsets may have been
        posteriors.enqueue(n, workspace.rowsKept(), arguments, launch);
      }
    }
    boolean smallLosses = !input.hasOffsets(); // with them p is no probability, never nearly 1
    boolean smallLossReduces = smallLosses && n > 0 && workspace.wildcards() == null;
    if (smallLosses) {
      arguments.setReduced(smallLossReduces ? result.reduced() : 0);
      smallLoss.enqueue(n, arguments, launch);
    }
    if (workspace.wildcards() != null) {
      enqueueWildcards(batch, input, result, workspace.wildcards(), workspaceAddress, launch);
    }
    if (result.reduced() != 0 && !smallLossReduces) {
      arguments.setReduced(result.reduced());
      reduce.enqueue(arguments, launch);
    }
  }

  /** Once more the utterances that have some, which the kernels above take for empty targets. */
  private void enqueueWildcards(
      DeviceBatch batch,
      Input input,
      DeviceResult result,
      WildcardWorkspace workspace,
      long workspaceAddress,
      Launch launch) {
    if (input.hasOffsets()) {
      long to = workspaceAddress + workspace.at() + workspace.offsetsAt();
      targetOffsets.enqueueClasses(input.offsets, to, launch);
    }
    int n = batch.utterances();
    arguments.setPosteriors(result); // where the offsets may have been
    wildcards.enqueueFrames((long) n * batch.frames(), arguments, launch);
    for (int segment = 0; segment < workspace.segments(); segment++) {
      arguments.setSegment(segment);
      wildcards.enqueueLattice(n, batch.targets().maxLength(), arguments, launch);
      wildcards.enqueueGradient(n, workspace.rowsKept(), arguments, launch);
    }
  }

  /** Bytes of workspace for two views. */
  public static long consistencyBytes(int frames, int utterances) {
    DeviceLayout layout = new DeviceLayout();
    layout.next(64L * utterances);
    layout.next(8L * utterances * frames);
    return Math.max(DeviceLayout.ALIGNMENT, layout.bytes());
  }

  /**
   * Everything two views need, likewise.
   *
   * @param workspaceAddress of at least {@link #consistencyBytes}
   */
  public synchronized void enqueue(
      DeviceConsistencyBatch batch,
      ConsistencyGradient kind,
      DeviceConsistencyResult result,
      long workspaceAddress,
      Launch launch) {
    arguments.setViews(batch, kind, result, workspaceAddress);
    consistency.enqueue(batch, arguments, launch);
    if (result.reduced() != 0) {
      reduce.enqueue(arguments, launch);
    }
  }

  /** Only the look at lengths and labels, which leaves its findings in the workspace. */
  synchronized void prepare(
      DeviceBatch batch,
      CallOptions options,
      DeviceResult result,
      LossWorkspace workspace,
      long workspaceAddress,
      Launch launch) {
    arguments.setProblem(batch, options, result, workspace, workspaceAddress);
    prepare.enqueue(batch.utterances(), arguments, launch);
  }

  @Override
  public void close() {
    targetOffsets.close();
    arguments.close();
    modules.close();
  }
}
