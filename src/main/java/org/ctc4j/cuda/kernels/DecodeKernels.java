package org.ctc4j.cuda.kernels;

import jcuda.driver.CUstream;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * The kernels of one decoder and the order they run in. {@link #enqueue} may be called from many
 * threads at once; it holds a lock while it enqueues, not while the device computes.
 */
public final class DecodeKernels implements DeviceKernels {
  private final KernelModules modules;
  private final GreedyLauncher greedy;
  private final BeamLauncher beam;
  private final GreedyArguments greedyArguments;
  private final BeamArguments beamArguments;

  /** The context must be current, here and in all calls. */
  public DecodeKernels(int deviceArchitecture) {
    modules = new KernelModules(deviceArchitecture);
    GreedyArguments first = null;
    try {
      greedy = new GreedyLauncher(modules);
      beam = new BeamLauncher(modules);
      first = new GreedyArguments();
      beamArguments = new BeamArguments();
      greedyArguments = first;
    } catch (RuntimeException e) {
      if (first != null) {
        first.close();
      }
      modules.close();
      throw e;
    }
  }

  /**
   * Greedy decoding, on one stream, without waiting for any of it.
   *
   * @param workspace address of {@link GreedyCall#workspaceBytes}
   */
  public synchronized void enqueue(GreedyCall call, long workspace, CUstream stream) {
    greedyArguments.set(call, workspace);
    Launch launch = new Launch(stream, () -> "greedy decoding, " + call.frames().shape());
    greedy.enqueueFrames(call.frames(), greedyArguments, launch);
    greedy.enqueuePath(call.frames(), greedyArguments, launch);
  }

  /**
   * A beam search, likewise.
   *
   * @param at address of {@link BeamWorkspace#bytes}
   */
  public synchronized void enqueue(
      BeamCall call, BeamWorkspace workspace, long at, CUstream stream) {
    beamArguments.set(call, workspace, at);
    greedyArguments.set(call, workspace, at);
    Launch launch = new Launch(stream, () -> "a beam search, " + call.frames().shape());
    greedy.enqueueFrames(call.frames(), beamArguments, launch);
    greedy.enqueuePath(call.frames(), greedyArguments, launch);
    launch.fill(at + workspace.heads, -1, workspace.headBytes);
    beam.enqueue(call, workspace, beamArguments, launch);
  }

  /** Loads the kernels of such a call. */
  public synchronized void load(BeamCall call, BeamWorkspace workspace) {
    beam.enqueue(call, workspace, beamArguments, Launch.loading(() -> "a beam search"));
  }

  @Override
  public void close() {
    beamArguments.close();
    greedyArguments.close();
    modules.close();
  }
}
