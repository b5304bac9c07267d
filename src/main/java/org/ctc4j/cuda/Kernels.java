package org.ctc4j.cuda;

import java.util.List;
import java.util.stream.Stream;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.ElementType;

/**
 * The kernels of one engine and the order they run in. Calls may come from many threads at once:
 * this object is the lock of all enqueueing of the engine, that of {@link ProjectionKernels}
 * included, so that the launches of one call follow each other on a stream. It is held while a call
 * is enqueued, not while the device computes.
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
          "small_loss",
          "complement",
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
  private final CtcSmallLoss smallLoss;
  private final CtcComplement complement;
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
      smallLoss = new CtcSmallLoss(modules);
      complement = new CtcComplement(modules);
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
    for (String file : Stream.of(FILES, AlignKernels.FILES).flatMap(List::stream).toList()) {
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
      CallOptions options,
      DeviceResult result,
      Workspace workspace,
      long workspaceAddress,
      Launch launch) {
    arguments.setProblem(batch, options, result, workspace, workspaceAddress);
    enqueue(batch, result, workspace, launch);
  }

  /** Loads the kernels that {@link #enqueue} would launch. */
  synchronized void load(DeviceBatch batch, DeviceResult result, Workspace workspace) {
    enqueue(batch, result, workspace, Launch.loading(batch::shape));
  }

  private void enqueue(DeviceBatch batch, DeviceResult result, Workspace workspace, Launch launch) {
    int n = batch.utterances();
    ElementType type = batch.logits().type();
    int longest = batch.targets().maxLength();
    boolean gradient = result.gradient() != null;
    boolean wantsPosteriors = hasPosteriors(result);
    prepare.enqueue(n, arguments, launch);
    frames.enqueue(type, (long) n * batch.frames(), batch.classes(), arguments, launch);
    for (int segment = 0; segment < workspace.segments(); segment++) {
      arguments.setSegment(segment);
      lattice.enqueue(n, longest, arguments, launch);
      if (gradient) {
        labels.enqueue(n, workspace.rowsKept(), arguments, launch);
      }
      if (wantsPosteriors) {
        posteriors.enqueue(n, workspace.rowsKept(), arguments, launch);
      }
    }
    smallLoss.enqueue(type, n, longest, arguments, launch);
    complement.enqueue(type, n, longest, arguments, launch);
    if (result.reduced() != 0) {
      reduce.enqueue(arguments, launch);
    }
  }

  /** Only the look at lengths and labels, which leaves its findings in the workspace. */
  synchronized void prepare(
      DeviceBatch batch,
      CallOptions options,
      DeviceResult result,
      Workspace workspace,
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
