package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceNBest;

/**
 * What the kernels of beam search take, one {@code BeamProblem}, whose beginning is what {@code
 * ctc_greedy_frames} takes, and one {@code TokenModel}, which only {@code ctc_beam_search_tokens}
 * reads.
 */
final class BeamArguments extends FramesArguments {
  BeamArguments() {
    super(160, 80);
  }

  void set(BeamCall call, BeamWorkspace workspace, long at) {
    DeviceNBest results = call.results();
    frames(call.frames(), call.options(), at + workspace.norms, true)
        .float64(call.beam().minLogProbability())
        .float64(call.beam().beamThreshold())
        .int64(results.labels())
        .int64(results.starts())
        .int64(results.lengths())
        .int64(results.scores())
        .int64(results.counts())
        .int64(results.statuses())
        .int64(at + workspace.greedyLabels)
        .int64(at + workspace.greedyLengths)
        .int64(at + workspace.greedyStatuses)
        .int64(at + workspace.classCounts)
        .int64(at + workspace.classIndexes)
        .int64(at + workspace.logProbs)
        .int64(at + workspace.nodes)
        .int64(at + workspace.heads)
        .int64(at + workspace.sums)
        .int64(at + workspace.bestLabels)
        .int32(workspace.width)
        .int32(workspace.classes)
        .int32(call.beam().nBest())
        .int32(workspace.buckets)
        .end();
    if (call.tokens() != null) {
      setTokens(call.tokens(), at + workspace.rows, results.added());
    }
  }

  private void setTokens(DeviceTokens tokens, long rows, long added) {
    write(1)
        .int64(tokens.arcs())
        .int64(tokens.states())
        .int64(tokens.unigrams())
        .int64(tokens.words())
        .int64(rows)
        .int64(added)
        .float64(tokens.scorer().weight())
        .float64(tokens.scorer().bonus())
        .int32(tokens.arcCount())
        .int32(tokens.start())
        .int32(tokens.end())
        .int32(tokens.scorer().order())
        .end();
  }
}
