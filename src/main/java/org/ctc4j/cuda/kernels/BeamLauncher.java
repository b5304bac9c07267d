package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_beam_classes}, by a warp a frame, and {@code ctc_beam_search} or, with a language
 * model, {@code ctc_beam_search_tokens}, by a block an utterance.
 */
final class BeamLauncher {
  private static final int LANES = 32;
  private static final int FRAMES_PER_BLOCK = 4;

  private final KernelModules.Kernel classes;
  private final KernelModules.Kernel search;
  private final KernelModules.Kernel tokens;

  BeamLauncher(KernelModules modules) {
    classes = modules.kernel("beam_search", "ctc_beam_classes");
    search = modules.kernel("beam_search", "ctc_beam_search");
    tokens = modules.kernel("beam_search_tokens", "ctc_beam_search_tokens");
  }

  void enqueue(BeamCall call, BeamWorkspace workspace, BeamArguments arguments, Launch launch) {
    int utterances = call.frames().utterances();
    int blocks = Launch.blocks((long) utterances * call.frames().frames(), FRAMES_PER_BLOCK);
    int warps = (workspace.width + LANES - 1) / LANES;
    launch.kernel(classes, blocks, LANES * FRAMES_PER_BLOCK, arguments.pointers());
    launch.kernel(
        call.tokens() == null ? search : tokens, utterances, LANES * warps, arguments.pointers());
  }
}
