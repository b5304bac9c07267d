package org.ctc4j.cuda;

import java.util.List;
import java.util.function.Supplier;
import jcuda.driver.CUstream;
import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;

/**
 * The kernels of one engine and the order they run in. {@link #enqueue} may be called from many
 * threads at once; it holds a lock while it enqueues, not while the device computes.
 */
final class Kernels implements AutoCloseable {
  /** Their files in kernels/ptx/, without architecture. */
  static final List<String> FILES =
      List.of(
          "prepare",
          "frames_f64",
          "frames_f32",
          "frames_f16",
          "frames_bf16",
          "lattice_p1",
          "lattice_p2",
          "lattice_p4",
          "labels",
          "posteriors",
          "sure",
          "reduce",
          "projection_f64",
          "projection_f32",
          "projection_f16",
          "projection_bf16");

  private final KernelModules modules;
  private final CtcPrepare prepare;
  private final CtcFrames frames;
  private final CtcLattice lattice;
  private final CtcLabels labels;
  private final CtcPosteriors posteriors;
  private final CtcSure sure;
  private final CtcReduce reduce;
  private final ParameterBlock arguments;

  /** The context must be current, here and in all calls. */
  Kernels(int deviceArchitecture) {
    modules = new KernelModules(deviceArchitecture);
    try {
      prepare = new CtcPrepare(modules);
      frames = new CtcFrames(modules);
      lattice = new CtcLattice(modules);
      labels = new CtcLabels(modules);
      posteriors = new CtcPosteriors(modules);
      sure = new CtcSure(modules);
      reduce = new CtcReduce(modules);
      arguments = new ParameterBlock();
    } catch (RuntimeException e) {
      modules.close();
      throw e;
    }
  }

  /**
   * The architecture of the newest kernels that a device can run; 0 if it is too old for some of
   * them.
   */
  static int architectureFor(int deviceArchitecture) {
    int newest = 0;
    for (String file : FILES) {
      int best = KernelImages.bestFor(file, deviceArchitecture);
      if (best == 0) {
        return 0;
      }
      newest = Math.max(newest, best);
    }
    return newest;
  }

  /** Whether the products of alpha and beta must be kept, for something to be made of them. */
  static boolean needsRows(DeviceResult result) {
    return result.gradient() != null || hasPosteriors(result);
  }

  static boolean hasPosteriors(DeviceResult result) {
    return result.posteriors() != null || result.statePosteriors() != null;
  }

  /** Everything a batch needs, on one stream, without waiting for any of it. */
  synchronized void enqueue(
      DeviceBatch batch,
      CtcOptions options,
      DeviceResult result,
      Workspace workspace,
      long workspaceAddress,
      CUstream stream) {
    Supplier<String> doing = batch::shape;
    int n = batch.utterances();
    boolean gradient = result.gradient() != null;
    boolean wantsPosteriors = hasPosteriors(result);
    arguments.setProblem(batch, options, result, workspace, workspaceAddress);
    prepare.enqueue(n, arguments, stream, doing);
    frames.enqueue(
        batch.logits().type(),
        (long) n * batch.frames(),
        batch.classes(),
        arguments,
        stream,
        doing);
    for (int segment = 0; segment < workspace.segments(); segment++) {
      arguments.setSegment(segment);
      lattice.enqueue(n, batch.targets().maxLength(), arguments, stream, doing);
      if (gradient) {
        labels.enqueue(n, workspace.rowsKept(), arguments, stream, doing);
      }
      if (wantsPosteriors) {
        posteriors.enqueue(n, workspace.rowsKept(), arguments, stream, doing);
      }
    }
    sure.enqueue(batch.logits().type(), n, batch.targets().maxLength(), arguments, stream, doing);
    if (result.reduced() != 0) {
      reduce.enqueue(arguments, stream, doing);
    }
  }

  /** Only the look at lengths and labels, which leaves its findings in the workspace. */
  synchronized void prepare(
      DeviceBatch batch,
      CtcOptions options,
      DeviceResult result,
      Workspace workspace,
      long workspaceAddress,
      CUstream stream) {
    arguments.setProblem(batch, options, result, workspace, workspaceAddress);
    prepare.enqueue(batch.utterances(), arguments, stream, batch::shape);
  }

  @Override
  public void close() {
    arguments.close();
    modules.close();
  }
}
