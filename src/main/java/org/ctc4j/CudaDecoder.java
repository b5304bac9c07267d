package org.ctc4j;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.ctc4j.cuda.DecodingBackend;
import org.ctc4j.cuda.Devices;
import org.ctc4j.cuda.TokenScorerBackend;
import org.ctc4j.host.InputCheck;
import org.ctc4j.host.Workers;

/**
 * What {@link CtcDecoder} does, on an NVIDIA GPU. What {@link CudaCtc} needs of driver and device
 * is needed here too.
 *
 * <p><b>Batches in host memory</b> come through {@link #greedy} and {@link #beamSearch}, and are
 * copied through pinned memory in chunks of utterances; calls wait for each other. Greedy labels
 * are those of {@link CtcDecoder}, ties included, and so are the outputs of a beam search and their
 * order unless rounding alone decides; log-probabilities agree up to the rounding of exp and ln in
 * float64. Of scorers a beam search takes a {@link CudaTokenScorer}, an n-gram model over tokens.
 *
 * <p><b>Batches in device memory</b> are enqueued on a stream of the caller's with {@link
 * #enqueueGreedy(DeviceFrames, CtcOptions, DeviceLabels, DevicePaths, long)} and {@link
 * #enqueueBeamSearch(DeviceFrames, CtcOptions, BeamOptions, DeviceNBest, long)}, as with {@link
 * CudaCtc#enqueue(DeviceBatch, CtcOptions, DeviceResult, long)}: nothing is copied, read back or
 * waited for, and the call can be captured in a CUDA graph.
 *
 * <p>Thread-safe. After a {@link DeviceException} a decoder goes on working, unless {@link
 * DeviceException#isDeviceLost() the device is lost}. Close it when nothing that was enqueued
 * through it is still to run; its device memory goes with it.
 */
public final class CudaDecoder implements AutoCloseable {
  private final CudaDevice device;
  private final Workers workers;
  private final DecodingBackend backend;

  private CudaDecoder(CudaDevice device, EngineOptions options) {
    this.device = device;
    this.workers = Workers.of(options);
    this.backend = new DecodingBackend(device, options);
  }

  /**
   * A decoder on a device by its number, {@link CudaDevice#index()}.
   *
   * @throws BackendUnavailableException with the reason, if it cannot be used
   */
  public static CudaDecoder create(int device, EngineOptions options) {
    return Devices.start(
        Devices.survey().numbered(device), usable -> new CudaDecoder(usable, options));
  }

  /** {@link #greedy(FrameTensor, int[], CtcOptions)} of all frames. */
  public List<CtcPath> greedy(FrameTensor logits, CtcOptions options) {
    return greedy(logits, logits.frameCounts(), options);
  }

  /**
   * Greedy decoding of a batch in host memory, as {@link CtcDecoder#greedy(FrameTensor, int[],
   * CtcOptions)}.
   *
   * @param logits (T, N, C)
   * @param inputLengths one for each utterance, each in [0, T]
   * @return N paths, with the frames and confidences of their labels
   * @throws InvalidInputException if an argument is out of its range
   * @throws DeviceException if the driver refuses; there are no paths then
   * @throws IllegalStateException if this decoder is closed
   */
  public List<CtcPath> greedy(FrameTensor logits, int[] inputLengths, CtcOptions options) {
    CtcBatch batch = batch(logits, inputLengths, options);
    CtcPath[] paths = new CtcPath[batch.utterances()];
    backend.greedy(
        batch,
        options,
        (n, status, states, labels, logProbabilities) ->
            paths[n] =
                status == CtcStatus.OK
                    ? CtcPath.of(options.blank(), states, labels, logProbabilities)
                    : CtcPath.none(status));
    return Arrays.asList(paths);
  }

  /** {@link #beamSearch(FrameTensor, int[], CtcOptions, BeamOptions)} of all frames. */
  public List<CtcNBest> beamSearch(FrameTensor logits, CtcOptions options, BeamOptions beam) {
    return beamSearch(logits, logits.frameCounts(), options, beam);
  }

  /**
   * Prefix beam search without a scorer in a batch in host memory, as {@link
   * CtcDecoder#beamSearch(FrameTensor, int[], CtcOptions, BeamOptions)}.
   *
   * @param logits (T, N, C)
   * @param inputLengths one for each utterance, each in [0, T]
   * @param beam of at most 128 prefixes and 128 classes a frame
   * @return N lists of outputs
   * @throws InvalidInputException if an argument is out of its range, or an utterance has more
   *     frames than are weighed at once: 4096, or 2<sup>18</sup> / min(C, {@link
   *     BeamOptions#topClasses}) if that is less
   * @throws DeviceException if the driver refuses; there are no outputs then
   * @throws IllegalStateException if this decoder is closed
   */
  public List<CtcNBest> beamSearch(
      FrameTensor logits, int[] inputLengths, CtcOptions options, BeamOptions beam) {
    return search(logits, inputLengths, options, beam, null);
  }

  /** The same of all frames, with a language model. */
  public List<CtcNBest> beamSearch(
      FrameTensor logits, CtcOptions options, BeamOptions beam, CudaTokenScorer scorer) {
    return beamSearch(logits, logits.frameCounts(), options, beam, scorer);
  }

  /**
   * The same with a language model, as {@link CtcDecoder#beamSearch(FrameTensor, int[], CtcOptions,
   * BeamOptions, BeamScorer)}.
   *
   * @param scorer on the device of this decoder
   * @throws InvalidInputException as without one, and if the scorer does not fit
   * @throws IllegalStateException if this decoder or the scorer is closed
   */
  public List<CtcNBest> beamSearch(
      FrameTensor logits,
      int[] inputLengths,
      CtcOptions options,
      BeamOptions beam,
      CudaTokenScorer scorer) {
    Objects.requireNonNull(scorer, "scorer");
    try {
      return search(logits, inputLengths, options, beam, scorer.backend);
    } finally {
      Reference.reachabilityFence(scorer);
    }
  }

  private List<CtcNBest> search(
      FrameTensor logits,
      int[] inputLengths,
      CtcOptions options,
      BeamOptions beam,
      TokenScorerBackend scorer) {
    CtcBatch batch = batch(logits, inputLengths, options);
    CtcNBest[] all = new CtcNBest[batch.utterances()];
    backend.beamSearch(
        batch,
        options,
        beam,
        scorer,
        (n, status, labels, logProbs, added) -> {
          List<CtcHypothesis> hypotheses = new ArrayList<>();
          for (int k = 0; k < labels.length; k++) {
            hypotheses.add(CtcHypothesis.found(labels[k], logProbs[k], added[k], options.input()));
          }
          all[n] = new CtcNBest(status, hypotheses);
        });
    return Arrays.asList(all);
  }

  /** Checks the arguments. */
  private CtcBatch batch(FrameTensor logits, int[] inputLengths, CtcOptions options) {
    Targets none = Targets.of(new int[logits.utterances()][0]);
    CtcBatch batch = CtcBatch.of(logits, none, inputLengths);
    batch.check(options);
    options.offsets().requireNone("a decoder");
    InputCheck.check(batch, options.input(), workers);
    return batch;
  }

  /**
   * Enqueues greedy decoding of frames in device memory, and returns. The workspace, 32 bytes a
   * frame, is the decoder's: one for each stream, kept until {@link #forget} or {@link #close}.
   * Growing it spoils a capture: call {@link #prepareGreedy} before.
   *
   * <p>Without paths and without the labels' log-probabilities nothing is normalised, as with
   * {@link CtcDecoder#greedyLabels}.
   *
   * @param labels what the most probable path of each utterance collapses to
   * @param paths the path itself, frame by frame, with its score; or null if nobody asks. Its
   *     statuses may lie where those of the labels do.
   * @param stream a {@code CUstream} or {@code cudaStream_t} of this device; 0 is the default
   *     stream
   * @throws InvalidInputException if an argument is out of its range; nothing was enqueued then
   * @throws DeviceException if the driver refuses; what the results are to hold is undefined then
   * @throws IllegalStateException if this decoder is closed
   */
  public void enqueueGreedy(
      DeviceFrames frames,
      CtcOptions options,
      DeviceLabels labels,
      DevicePaths paths,
      long stream) {
    frames.check(options);
    backend.enqueueGreedy(frames, options, labels, paths, stream);
  }

  /**
   * Enqueues a prefix beam search in frames in device memory, and returns; see {@link
   * #beamSearch(FrameTensor, int[], CtcOptions, BeamOptions)}, and {@link #enqueueGreedy} for what
   * is kept for the stream. Loading the kernels spoils a capture, too: call {@link
   * #prepareBeamSearch(DeviceFrames, BeamOptions, long)} before. When the labels of an output are
   * tells an alignment to them.
   *
   * @throws InvalidInputException if an argument is out of its range; nothing was enqueued then
   * @throws DeviceException if the driver refuses; what the results are to hold is undefined then
   * @throws IllegalStateException if this decoder is closed
   */
  public void enqueueBeamSearch(
      DeviceFrames frames, CtcOptions options, BeamOptions beam, DeviceNBest results, long stream) {
    frames.check(options);
    backend.enqueueBeamSearch(frames, options, beam, null, results, stream);
  }

  /**
   * The same with a language model; see {@link #beamSearch(FrameTensor, int[], CtcOptions,
   * BeamOptions, CudaTokenScorer)}. The scorer must not be closed before the stream has got past
   * the call, nor a graph that the call was captured in be launched after.
   *
   * @param results {@link DeviceNBest#added} has what the scorer added
   */
  public void enqueueBeamSearch(
      DeviceFrames frames,
      CtcOptions options,
      BeamOptions beam,
      CudaTokenScorer scorer,
      DeviceNBest results,
      long stream) {
    frames.check(options);
    Objects.requireNonNull(scorer, "scorer");
    try {
      backend.enqueueBeamSearch(frames, options, beam, scorer.backend, results, stream);
    } finally {
      Reference.reachabilityFence(scorer);
    }
  }

  /**
   * Gets ready for {@link #enqueueGreedy}, so that such a call can be captured in a CUDA graph:
   * makes the stream's workspace large enough for T and N. Waits for the driver, not for the
   * device; not to be called during a capture. No number of the frames is read.
   *
   * @param stream as in {@code enqueueGreedy}
   * @throws DeviceException if the driver refuses
   * @throws IllegalStateException if this decoder is closed
   */
  public void prepareGreedy(DeviceFrames frames, long stream) {
    backend.prepareGreedy(frames, stream);
  }

  /**
   * Gets ready for {@link #enqueueBeamSearch(DeviceFrames, CtcOptions, BeamOptions, DeviceNBest,
   * long)}, as {@link #prepareGreedy} does, with the kernels: the driver translates them when it
   * sees them for the first time (seconds; kept in its cache). The workspace depends on T, N, C,
   * the beam width and the number of top classes.
   */
  public void prepareBeamSearch(DeviceFrames frames, BeamOptions beam, long stream) {
    backend.prepareBeamSearch(frames, beam, null, stream);
  }

  /** The same with a language model. */
  public void prepareBeamSearch(
      DeviceFrames frames, BeamOptions beam, CudaTokenScorer scorer, long stream) {
    Objects.requireNonNull(scorer, "scorer");
    try {
      backend.prepareBeamSearch(frames, beam, scorer.backend, stream);
    } finally {
      Reference.reachabilityFence(scorer);
    }
  }

  /**
   * Gives back the workspace that this decoder keeps for a stream, after a wait for the stream: for
   * one that is not used any more, before it is destroyed. Graphs that were captured on it must not
   * be launched after this. A later call on the stream makes another workspace.
   *
   * @throws DeviceException if the driver refuses
   * @throws IllegalStateException if this decoder is closed
   */
  public void forget(long stream) {
    backend.forget(stream);
  }

  /** What it runs on, for people to read. */
  public String device() {
    return device.toString();
  }

  /** "cuda decoder on …". */
  @Override
  public String toString() {
    return "%s decoder on %s".formatted(Backend.CUDA, device());
  }

  /**
   * Waits for host calls; device work that is still enqueued must have ended. Twice is harmless.
   */
  @Override
  public void close() {
    backend.close();
  }
}
