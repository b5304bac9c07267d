package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.ElementType;
import org.ctc4j.InputKind;
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
  private final OffsetsLauncher offsets;
  private final PosteriorsLauncher posteriors;
  private final SecondLossLauncher smallLoss;
  private final SecondLossLauncher complement;
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
      offsets = new OffsetsLauncher(modules);
      posteriors = new PosteriorsLauncher(modules);
      smallLoss = SecondLossLauncher.smallLoss(modules);
      complement = SecondLossLauncher.complement(modules);
      reduce = new ReduceLauncher(modules);
      arguments = new LossArguments();
    } catch (RuntimeException e) {
      modules.close();
      throw e;
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
    arguments.setProblem(batch, options, result, workspace, workspaceAddress);
    InputKind input = options.options().input();
    if (options.offsets() == 0) {
      enqueue(batch, input, result, workspace, launch);
    } else {
      enqueueWithOffsets(batch, options, result, workspace, launch);
    }
  }

  /** Loads the kernels that {@link #enqueue} would launch, of whatever kind the input is. */
  public synchronized void load(DeviceBatch batch, DeviceResult result, LossWorkspace workspace) {
    Launch launch = Launch.loading(batch::shape);
    enqueue(batch, InputKind.LOGITS, result, workspace, launch);
    enqueueFrames(batch, InputKind.PROBABILITIES, launch);
  }

  private void enqueueFrames(DeviceBatch batch, InputKind input, Launch launch) {
    ElementType type = batch.logits().type();
    long count = (long) batch.utterances() * batch.frames();
    if (input == InputKind.PROBABILITIES) {
      frames.enqueueProbabilities(type, count, arguments, launch);
    } else {
      frames.enqueue(type, count, batch.classes(), arguments, launch);
    }
  }

  private void enqueue(
      DeviceBatch batch,
      InputKind input,
      DeviceResult result,
      LossWorkspace workspace,
      Launch launch) {
    int n = batch.utterances();
    int longest = batch.targets().maxLength();
    boolean gradient = result.gradient() != null;
    prepare.enqueue(n, arguments, launch);
    enqueueFrames(batch, input, launch);
    for (int segment = 0; segment < workspace.segments(); segment++) {
      arguments.setSegment(segment);
      lattice.enqueue(n, longest, arguments, launch);
      if (gradient) {
        labels.enqueue(n, workspace.rowsKept(), arguments, launch);
      }
      if (result.hasPosteriors()) {
        posteriors.enqueue(n, workspace.rowsKept(), arguments, launch);
      }
    }
    smallLoss.enqueue(n, longest, arguments, launch);
    complement.enqueue(n, longest, arguments, launch);
    if (result.reduced() != 0) {
      reduce.enqueue(arguments, launch);
    }
  }

  private void enqueueWithOffsets(
      DeviceBatch batch,
      CallOptions options,
      DeviceResult result,
      LossWorkspace workspace,
      Launch launch) {
    long address = options.offsets();
    int n = batch.utterances();
    long allFrames = (long) n * batch.frames();
    arguments.setOffsets(address);
    prepare.enqueue(n, arguments, launch);
    enqueueFrames(batch, options.options().input(), launch);
    offsets.enqueueWeights(allFrames, arguments, launch);
    for (int segment = 0; segment < workspace.segments(); segment++) {
      arguments.setSegment(segment);
      lattice.enqueue(n, batch.targets().maxLength(), arguments, launch);
      if (result.gradient() != null) {
        arguments.setOffsets(address);
        offsets.enqueueLabels(n, workspace.rowsKept(), arguments, launch);
      }
      if (result.hasPosteriors()) {
        arguments.setPosteriors(result);
        posteriors.enqueue(n, workspace.rowsKept(), arguments, launch);
      }
    }
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
    arguments.close();
    modules.close();
  }
}
