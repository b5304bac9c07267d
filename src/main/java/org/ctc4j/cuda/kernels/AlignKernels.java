package org.ctc4j.cuda.kernels;

import jcuda.driver.CUstream;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DevicePaths;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * The kernels of one aligner and the order they run in. {@link #enqueue} may be called from many
 * threads at once; it holds a lock while it enqueues, not while the device computes.
 */
public final class AlignKernels implements DeviceKernels {
  private final KernelModules modules;
  private final TargetOffsetsLauncher targetOffsets;
  private final AlignFramesLauncher frames;
  private final AlignPathLauncher path;
  private final AlignWildcardsLauncher wildcards;
  private final AlignArguments arguments;

  /** The context must be current, here and in all calls. */
  public AlignKernels(int deviceArchitecture) {
    modules = new KernelModules(deviceArchitecture);
    try {
      targetOffsets = new TargetOffsetsLauncher(modules);
      frames = new AlignFramesLauncher(modules);
      path = new AlignPathLauncher(modules);
      wildcards = new AlignWildcardsLauncher(modules);
      arguments = new AlignArguments();
    } catch (RuntimeException e) {
      modules.close();
      throw e;
    }
  }

  /** Everything a batch needs, on one stream, without waiting for any of it. */
  public synchronized void enqueue(
      DeviceBatch batch,
      CallOptions options,
      DevicePaths paths,
      AlignPlan plan,
      long workspaceAddress,
      CUstream stream) {
    Launch launch = new Launch(stream, () -> "an alignment, " + batch.shape());
    if (options.offsets() != null) {
      targetOffsets.enqueue(options.offsets(), workspaceAddress + plan.plain().offsetsAt(), launch);
    }
    arguments.set(batch, options, paths, plan.plain(), workspaceAddress);
    if (plan.wildcards() != null) {
      long address = workspaceAddress + plan.plain().bytes();
      if (options.offsets() != null) {
        long offsets = address + plan.wildcards().offsetsAt();
        targetOffsets.enqueueClasses(options.offsets(), offsets, launch);
      }
      arguments.setWildcards(batch.targets().wildcards(), options, plan.wildcards(), address);
    }
    enqueue(batch, launch);
  }

  /** Loads the kernels that {@link #enqueue} would launch, whatever the options. */
  public synchronized void load(DeviceBatch batch) {
    targetOffsets.load();
    enqueue(batch, Launch.loading(batch::shape));
  }

  private void enqueue(DeviceBatch batch, Launch launch) {
    int n = batch.utterances();
    frames.enqueue((long) n * batch.frames(), arguments, launch);
    int labels = batch.targets().maxLength();
    path.enqueue(batch.logits().type(), n, labels, arguments, launch);
    if (batch.targets().wildcards() != null) {
      wildcards.enqueueFrames((long) n * batch.frames(), arguments, launch);
      wildcards.enqueuePath(n, labels, arguments, launch);
    }
  }

  @Override
  public void close() {
    targetOffsets.close();
    arguments.close();
    modules.close();
  }
}
