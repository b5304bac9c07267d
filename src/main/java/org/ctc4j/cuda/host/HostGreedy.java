package org.ctc4j.cuda.host;

import java.util.Arrays;
import jcuda.driver.CUstream;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcStatus;
import org.ctc4j.DeviceFrames;
import org.ctc4j.DeviceLabels;
import org.ctc4j.DevicePaths;
import org.ctc4j.cuda.driver.Staging;
import org.ctc4j.cuda.kernels.CallOptions;
import org.ctc4j.cuda.kernels.DecodeKernels;
import org.ctc4j.cuda.kernels.GreedyCall;

/** One call for greedy decoding of a batch in host memory. */
public final class HostGreedy implements HostCall {
  /** Of logits: enough utterances to fill a device, where they are short. */
  private static final long CHUNK_BYTES = 64 << 20;

  private final CtcBatch batch;
  private final CtcOptions options;
  private final Results results;
  private final DecodeKernels kernels;
  private final Utterances utterances;
  private final HostTensor logits;

  /** Takes what is found. */
  public interface Results {
    /** Of utterance n; of its T frames and L labels there are none unless the status is OK. */
    void take(int n, CtcStatus status, int[] states, int[] labels, double[] logProbabilities);
  }

  public HostGreedy(CtcBatch batch, CtcOptions options, Results results, DecodeKernels kernels) {
    this.batch = batch;
    this.options = options;
    this.results = results;
    this.kernels = kernels;
    utterances = Utterances.of(batch);
    logits = new HostTensor(batch.logits());
  }

  @Override
  public int utterances() {
    return utterances.count();
  }

  @Override
  public StagedChunk next(int first, int mostUtterances) {
    return new GreedyChunk(
        utterances.chunk(
            first,
            mostUtterances,
            0,
            chunk ->
                chunk.totalFrames() * logits.columns() * logits.stagedType().bytes()
                    <= CHUNK_BYTES));
  }

  @Override
  public boolean isWhole() {
    return false;
  }

  /** What has come down of an utterance. */
  private static final class Found {
    CtcStatus status;
    int[] states;
    double[] logProbabilities;
    int[] labels;
  }

  private final class GreedyChunk extends StagedChunk {
    private final Found[] found;
    private final Staged logitsThere = input(logits);
    private final long logProbabilities = output(1, 8, this::takeLogProbabilities);
    private final long states = output(1, 4, this::takeStates);
    private final long labels = output(1, 4, this::takeLabels);
    private final long lengths;
    private final long workspace;

    GreedyChunk(Chunk chunk) {
      super(new PackedBatch(utterances, chunk, null, logits.columns(), 1));
      found = new Found[chunk.count()];
      lengths = region(4L * chunk.count());
      workspace = region(GreedyCall.workspaceBytes(chunk.frames(), chunk.count()));
    }

    @Override
    String shape() {
      return "greedy decoding of " + chunk().shape(logits.columns());
    }

    private GreedyCall call(long base) {
      long starts = base + packed().starts(1);
      return new GreedyCall(
          DeviceFrames.of(packed().on(base, on(base, logitsThere), logits.columns())),
          CallOptions.ofHost(options),
          new DeviceLabels(base + labels, starts, base + lengths, statuses(base), 0, 0, 0),
          new DevicePaths(
              base + states,
              base + logProbabilities,
              starts,
              losses(base), // scores, which the host adds up in order
              statuses(base)));
    }

    @Override
    void enqueue(long base, CUstream stream) {
      kernels.enqueue(call(base), base + workspace, stream);
    }

    @Override
    void set(int n, double score, CtcStatus status) {
      Found of = new Found();
      int frames = status == CtcStatus.OK ? batch.inputLength(n) : 0;
      of.status = status;
      of.states = new int[frames];
      of.labels = new int[frames];
      of.logProbabilities = new double[frames];
      found[n - chunk().first()] = of;
    }

    private Found found(int n) {
      return found[n - chunk().first()];
    }

    private void takeLogProbabilities(int n, long from, int count, Staging staging, int at) {
      if (found(n).status == CtcStatus.OK) {
        staging.doubles().get(at, found(n).logProbabilities, (int) from, count);
      }
    }

    private void takeStates(int n, long from, int count, Staging staging, int at) {
      if (found(n).status == CtcStatus.OK) {
        staging.ints().get(at, found(n).states, (int) from, count);
      }
    }

    private void takeLabels(int n, long from, int count, Staging staging, int at) {
      if (found(n).status == CtcStatus.OK) {
        staging.ints().get(at, found(n).labels, (int) from, count);
      }
    }

    @Override
    void finish() {
      for (int n = chunk().first(); n < chunk().end(); n++) {
        Found of = found(n);
        int frames = of.states.length;
        int length =
            frames == 0 ? 0 : (of.states[frames - 1] + 1) / 2; // the last state is 2L or 2L - 1
        results.take(
            n, of.status, of.states, Arrays.copyOf(of.labels, length), of.logProbabilities);
      }
    }
  }
}
