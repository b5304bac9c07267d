package org.ctc4j.cuda;

import java.util.List;
import java.util.function.Supplier;
import jcuda.driver.CUstream;
import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DevicePaths;

/**
 * The kernels of one aligner and the order they run in. {@link #enqueue} may be called from many
 * threads at once; it holds a lock while it enqueues, not while the device computes.
 */
final class AlignKernels implements AutoCloseable {
  /** Their files in kernels/ptx/, without architecture; one for each type of the logits. */
  static final List<String> FILES = List.of("align_f64", "align_f32", "align_f16", "align_bf16");

  private final KernelModules modules;
  private final CtcAlignFrames frames;
  private final CtcAlignPath path;
  private final AlignArguments arguments;

  /** The context must be current, here and in all calls. */
  AlignKernels(int deviceArchitecture) {
    modules = new KernelModules(deviceArchitecture);
    try {
      frames = new CtcAlignFrames(modules);
      path = new CtcAlignPath(modules);
      arguments = new AlignArguments();
    } catch (RuntimeException e) {
      modules.close();
      throw e;
    }
  }

  /** Everything a batch needs, on one stream, without waiting for any of it. */
  synchronized void enqueue(
      DeviceBatch batch,
      CtcOptions options,
      DevicePaths paths,
      AlignWorkspace workspace,
      long workspaceAddress,
      CUstream stream) {
    Supplier<String> doing = () -> "an alignment, " + batch.shape();
    int n = batch.utterances();
    arguments.set(batch, options, paths, workspace, workspaceAddress);
    frames.enqueue(batch.logits().type(), (long) n * batch.frames(), arguments, stream, doing);
    path.enqueue(batch.logits().type(), n, batch.targets().maxLength(), arguments, stream, doing);
  }

  @Override
  public void close() {
    arguments.close();
    modules.close();
  }
}
