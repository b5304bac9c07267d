package org.ctc4j.cuda.host;

import jcuda.driver.CUstream;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DevicePaths;
import org.ctc4j.cuda.driver.Staging;
import org.ctc4j.cuda.kernels.AlignKernels;
import org.ctc4j.cuda.kernels.AlignPlan;
import org.ctc4j.cuda.kernels.CallOptions;

/** One call for the alignments of a batch in host memory. */
public final class HostAlignments implements HostCall {
  /** Of logits: enough utterances to fill a device, where they are short. */
  private static final long CHUNK_BYTES = 64 << 20;

  private final CtcBatch batch;
  private final CtcOptions options;
  private final Paths paths;
  private final AlignKernels kernels;
  private final long workspaceLimit;
  private final Utterances utterances;
  private final HostTensor logits;

  /**
   * Where the paths of N utterances go.
   *
   * @param states output: of each frame, (T) for each utterance that has a path
   * @param logProbabilities output: of each frame's symbol, likewise
   * @param statuses output
   */
  public record Paths(int[][] states, double[][] logProbabilities, CtcStatus[] statuses) {}

  /**
   * @param workspaceLimit bytes; what a single utterance cannot do without is taken nonetheless
   */
  public HostAlignments(
      CtcBatch batch, CtcOptions options, Paths paths, AlignKernels kernels, long workspaceLimit) {
    this.batch = batch;
    this.options = options;
    this.paths = paths;
    this.kernels = kernels;
    this.workspaceLimit = workspaceLimit;
    utterances = Utterances.of(batch);
    logits = new HostTensor(batch.logits());
  }

  @Override
  public int utterances() {
    return utterances.count();
  }

  @Override
  public StagedChunk next(int first, int mostUtterances) {
    return new AlignmentChunk(utterances.chunk(first, mostUtterances, 0, this::fits));
  }

  @Override
  public boolean isWhole() {
    return false;
  }

  private boolean fits(Chunk chunk) {
    return chunk.totalFrames() * logits.columns() * logits.stagedType().bytes() <= CHUNK_BYTES
        && plan(chunk).bytes() <= workspaceLimit;
  }

  private AlignPlan plan(Chunk chunk) {
    return utterances.wildcards() == null
        ? AlignPlan.of(chunk.frames(), chunk.count(), chunk.labels(), workspaceLimit)
        : AlignPlan.withWildcards(
            chunk.frames(), chunk.count(), chunk.labels(), logits.columns(), workspaceLimit);
  }

  private final class AlignmentChunk extends StagedChunk {
    private final Staged logitsThere = input(logits);
    private final long logProbabilities = output(1, 8, this::takeLogProbabilities);
    private final long states = output(1, 4, this::takeStates);
    private final AlignPlan plan = plan(chunk());
    private final long workspaceOffset = region(plan.bytes());

    AlignmentChunk(Chunk chunk) {
      super(new PackedBatch(utterances, chunk, null, logits.columns(), 1));
    }

    @Override
    String shape() {
      return "the alignment of " + chunk().shape(logits.columns());
    }

    @Override
    void enqueue(long base, CUstream stream) {
      DeviceBatch there = packed().on(base, on(base, logitsThere), logits.columns());
      DevicePaths pathsThere =
          new DevicePaths(
              base + states,
              base + logProbabilities,
              base + packed().starts(1),
              losses(base), // scores, which nobody asks for
              statuses(base));
      kernels.enqueue(
          there,
          CallOptions.ofHost(there, options),
          pathsThere,
          plan,
          base + workspaceOffset,
          stream);
    }

    @Override
    void set(int n, double score, CtcStatus status) {
      int frames = status == CtcStatus.OK ? batch.inputLength(n) : 0;
      paths.statuses[n] = status;
      paths.states[n] = new int[frames];
      paths.logProbabilities[n] = new double[frames];
    }

    private void takeLogProbabilities(int n, long from, int count, Staging staging, int at) {
      if (paths.statuses[n] == CtcStatus.OK) {
        staging.doubles().get(at, paths.logProbabilities[n], (int) from, count);
      }
    }

    private void takeStates(int n, long from, int count, Staging staging, int at) {
      if (paths.statuses[n] == CtcStatus.OK) {
        staging.ints().get(at, paths.states[n], (int) from, count);
      }
    }
  }
}
