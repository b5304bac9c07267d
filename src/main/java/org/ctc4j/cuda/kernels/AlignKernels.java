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
  private final AlignArguments arguments;

  /** The context must be current, here and in all calls. */
  public AlignKernels(int deviceArchitecture) {
    modules = new KernelModules(deviceArchitecture);
    try {
      targetOffsets = new TargetOffsetsLauncher(modules);
      frames = new AlignFramesLauncher(modules);
      path = new AlignPathLauncher(modules);
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
      AlignWorkspace workspace,
      long workspaceAddress,
      CUstream stream) {
    Launch launch = new Launch(stream, () -> "an alignment, " + batch.shape());
    if (options.offsets() != null) {
      targetOffsets.enqueue(options.offsets(), workspaceAddress + workspace.offsetsAt(), launch);
    }
    arguments.set(batch, options, paths, workspace, workspaceAddress);
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
    path.enqueue(batch.logits().type(), n, batch.targets().maxLength(), arguments, launch);
  }

  @Override
  public void close() {
    targetOffsets.close();
    arguments.close();
    modules.close();
  }
}
