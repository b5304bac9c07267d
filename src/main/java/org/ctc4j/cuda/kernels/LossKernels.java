package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.ElementType;
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
    if (options.offsets() == 0) {
      enqueue(batch, result, workspace, launch);
    } else {
      enqueueWithOffsets(batch, options.offsets(), result, workspace, launch);
    }
  }

  /** Loads the kernels that {@link #enqueue} would launch. */
  public synchronized void load(DeviceBatch batch, DeviceResult result, LossWorkspace workspace) {
    enqueue(batch, result, workspace, Launch.loading(batch::shape));
  }

  private void enqueue(
      DeviceBatch batch, DeviceResult result, LossWorkspace workspace, Launch launch) {
    int n = batch.utterances();
    ElementType type = batch.logits().type();
    int longest = batch.targets().maxLength();
    boolean gradient = result.gradient() != null;
    prepare.enqueue(n, arguments, launch);
    frames.enqueue(type, (long) n * batch.frames(), batch.classes(), arguments, launch);
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
    smallLoss.enqueue(type, n, longest, arguments, launch);
    complement.enqueue(type, n, longest, arguments, launch);
    if (result.reduced() != 0) {
      reduce.enqueue(arguments, launch);
    }
  }

  private void enqueueWithOffsets(
      DeviceBatch batch,
      long address,
      DeviceResult result,
      LossWorkspace workspace,
      Launch launch) {
    int n = batch.utterances();
    long allFrames = (long) n * batch.frames();
    arguments.setOffsets(address);
    prepare.enqueue(n, arguments, launch);
    frames.enqueue(batch.logits().type(), allFrames, batch.classes(), arguments, launch);
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
