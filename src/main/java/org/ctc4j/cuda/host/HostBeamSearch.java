package org.ctc4j.cuda.host;

import java.util.Arrays;
import jcuda.driver.CUstream;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcStatus;
import org.ctc4j.DeviceFrames;
import org.ctc4j.DeviceNBest;
import org.ctc4j.cuda.driver.Staging;
import org.ctc4j.cuda.kernels.BeamCall;
import org.ctc4j.cuda.kernels.BeamWorkspace;
import org.ctc4j.cuda.kernels.CallOptions;
import org.ctc4j.cuda.kernels.DecodeKernels;

/** One call for a beam search in a batch in host memory. */
public final class HostBeamSearch implements HostCall {
  /** Of logits: enough utterances to fill a device, where they are short. */
  private static final long CHUNK_BYTES = 64 << 20;

  private static final long NOWHERE = -1;

  private final CtcBatch batch;
  private final BeamSettings settings;
  private final BeamOptions beam;
  private final Results results;
  private final DecodeKernels kernels;
  private final long workspaceLimit;
  private final Utterances utterances;
  private final HostTensor logits;

  /** Takes what is found. */
  public interface Results {
    /**
     * Of utterance n; there are no outputs unless the status is OK.
     *
     * @param labels of each output, the best first
     * @param logProbs ln p of each output
     * @param added to that by the scorer, in the places of the outputs
     */
    void take(int n, CtcStatus status, int[][] labels, double[] logProbs, double[] added);
  }

  /**
   * @param workspaceLimit bytes; what a single utterance cannot do without is taken nonetheless
   */
  public HostBeamSearch(
      CtcBatch batch,
      BeamSettings settings,
      Results results,
      DecodeKernels kernels,
      long workspaceLimit) {
    this.batch = batch;
    this.settings = settings;
    BeamOptions asked = settings.beam();
    beam = asked.withNBest(Math.min(asked.nBest(), asked.beamWidth() + 1)); // no search has more
    this.results = results;
    this.kernels = kernels;
    this.workspaceLimit = workspaceLimit;
    utterances = Utterances.of(batch);
    logits = new HostTensor(batch.logits());
    workspace(utterances.all()); // refuses what no device can do, before anything is done
  }

  @Override
  public int utterances() {
    return utterances.count();
  }

  @Override
  public StagedChunk next(int first, int mostUtterances) {
    return new BeamChunk(utterances.chunk(first, mostUtterances, 0, this::fits));
  }

  @Override
  public boolean isWhole() {
    return false;
  }

  private boolean fits(Chunk chunk) {
    return chunk.totalFrames() * logits.columns() * logits.stagedType().bytes() <= CHUNK_BYTES
        && workspace(chunk).bytes() <= workspaceLimit;
  }

  private BeamWorkspace workspace(Chunk chunk) {
    return new BeamWorkspace(
        chunk.frames(), chunk.count(), logits.columns(), beam, settings.tokens() != null);
  }

  private final class BeamChunk extends StagedChunk {
    private final int most = beam.nBest();
    private final CtcStatus[] statuses;
    private final int[][] labels; // of an utterance, those of its outputs one after the other
    private final int[][] lengths;
    private final double[][] scores;
    private final double[][] added;
    private final Staged logitsThere = input(logits);
    private final long labelsThere = output(most, 4, this::takeLabels);
    private final long lengthsThere = outputOfEach(most, 4, this::takeLengths);
    private final long scoresThere = outputOfEach(most, 8, this::takeScores);
    private final long addedThere =
        settings.tokens() == null ? NOWHERE : outputOfEach(most, 8, this::takeAdded);
    private final long counts;
    private final BeamWorkspace workspace;
    private final long workspaceThere;

    BeamChunk(Chunk chunk) {
      super(new PackedBatch(utterances, chunk, null, logits.columns(), beam.nBest()));
      statuses = new CtcStatus[chunk.count()];
      labels = new int[chunk.count()][];
      lengths = new int[chunk.count()][most];
      scores = new double[chunk.count()][most];
      added = new double[chunk.count()][most];
      counts = region(4L * chunk.count());
      workspace = workspace(chunk);
      workspaceThere = region(workspace.bytes());
    }

    @Override
    String shape() {
      return "a beam search, " + chunk().shape(logits.columns());
    }

    @Override
    void enqueue(long base, CUstream stream) {
      BeamCall call =
          new BeamCall(
              DeviceFrames.of(packed().on(base, on(base, logitsThere), logits.columns())),
              CallOptions.ofHost(settings.options()),
              beam,
              settings.tokens(),
              new DeviceNBest(
                  base + labelsThere,
                  base + packed().starts(most),
                  base + lengthsThere,
                  base + scoresThere,
                  base + counts,
                  statuses(base),
                  addedThere == NOWHERE ? 0 : base + addedThere));
      kernels.enqueue(call, workspace, base + workspaceThere, stream);
    }

    @Override
    void set(int n, double loss, CtcStatus status) {
      statuses[n - chunk().first()] = status;
      labels[n - chunk().first()] = new int[batch.inputLength(n) * most];
    }

    private void takeLabels(int n, long from, int count, Staging staging, int at) {
      staging.ints().get(at, labels[n - chunk().first()], (int) from, count);
    }

    private void takeLengths(int n, long from, int count, Staging staging, int at) {
      staging.ints().get(at, lengths[n - chunk().first()], (int) from, count);
    }

    private void takeScores(int n, long from, int count, Staging staging, int at) {
      staging.doubles().get(at, scores[n - chunk().first()], (int) from, count);
    }

    private void takeAdded(int n, long from, int count, Staging staging, int at) {
      staging.doubles().get(at, added[n - chunk().first()], (int) from, count);
    }

    @Override
    void finish() {
      for (int i = 0; i < statuses.length; i++) {
        int n = chunk().first() + i;
        double[] found =
            Arrays.stream(scores[i]).filter(score -> score > Double.NEGATIVE_INFINITY).toArray();
        int[][] ofEach = new int[found.length][];
        for (int k = 0; k < found.length; k++) {
          int start = k * batch.inputLength(n);
          ofEach[k] = Arrays.copyOfRange(labels[i], start, start + lengths[i][k]);
        }
        results.take(n, statuses[i], ofEach, found, added[i]);
      }
    }
  }
}
