package org.ctc4j.cuda.kernels;

import java.util.Map;
import org.ctc4j.cuda.driver.Device;
import org.ctc4j.cuda.driver.KernelModules;
import org.ctc4j.cuda.driver.Launch;

/**
 * {@code ctc_lattice_*}: alpha from the front and beta from the back, to their meeting and past it.
 * {@code ctc_lattice_pP} does so in one block an utterance, {@code ctc_lattice_split_*} in several
 * and one launch after the other: to the meeting, the meeting itself, past it.
 */
final class LatticeLauncher {
  private static final int MEETING_THREADS = 256;

  private final Map<Integer, KernelModules.Kernel> whole; // by pairs a lane
  private final KernelModules.Kernel store;
  private final KernelModules.Kernel meet;
  private final KernelModules.Kernel consume;
  private final int multiprocessors;

  /** The context must be current. */
  LatticeLauncher(KernelModules modules) {
    whole =
        Map.of(
            1, modules.kernel("lattice_p1", "ctc_lattice_p1"),
            2, modules.kernel("lattice_p2", "ctc_lattice_p2"),
            4, modules.kernel("lattice_p4", "ctc_lattice_p4"));
    store = modules.kernel("lattice_split", "ctc_lattice_split_store");
    meet = modules.kernel("lattice_split", "ctc_lattice_split_meet");
    consume = modules.kernel("lattice_split", "ctc_lattice_split_consume");
    multiprocessors = Device.multiprocessors();
  }

  /**
   * Before the first segment: how the blocks share out the states, with the marks that none of them
   * has handed anything to another yet.
   *
   * @param labels L, the length of the longest target
   */
  LatticePlan begin(
      int frames,
      int utterances,
      int labels,
      LossWorkspace workspace,
      long workspaceAddress,
      Launch launch) {
    boolean hasRoom = workspace.blockEdgeBytes() > 0;
    LatticePlan plan = LatticePlan.of(frames, utterances, labels, multiprocessors, hasRoom);
    if (plan.isSplit()) {
      launch.fill(workspaceAddress + workspace.blockEdgesAt(), 0xff, workspace.blockEdgeBytes());
    }
    return plan;
  }

  /**
   * Enqueues one segment of the recursions.
   *
   * @param keepsRows whether anything is made of posteriors
   */
  void enqueue(
      LatticePlan plan,
      int utterances,
      int segment,
      boolean keepsRows,
      LossArguments arguments,
      Launch launch) {
    if (!plan.isSplit()) {
      KernelModules.Kernel kernel = whole.get(plan.pairsPerLane());
      launch.kernel(kernel, utterances, plan.threads(), arguments.pointers());
      return;
    }
    int blocks = 2 * utterances * plan.blocks();
    launch.kernel(store, blocks, plan.threads(), arguments.pointers());
    if (segment == 0) {
      launch.kernel(meet, utterances, MEETING_THREADS, arguments.pointers());
    }
    if (keepsRows) {
      launch.kernel(consume, blocks, plan.threads(), arguments.pointers());
    }
  }
}
