package org.ctc4j;

import org.ctc4j.cpu.CpuBackend;
import org.ctc4j.engine.ConsistencyCall;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.ProjectedCall;

/**
 * The fast backend in pure Java: the lattice in float64 with an exponent for each few neighbouring
 * labels, so that losses and posteriors keep their precision over any number of frames.
 *
 * <p>It runs on any JVM, and two to three times as fast with the Vector API, for which the JVM
 * wants the option {@code --add-modules jdk.incubator.vector}. The system property {@code
 * org.ctc4j.cpu} set to {@code scalar} or {@code vector} insists on one of the two.
 *
 * <p>Float32 and 16-bit logits are normalised in float32; label probabilities and all that follows
 * are float64. Where the loss is small, so is the normalisation of unsure frames, and of float64
 * logits always. Losses are good to 10<sup>−6</sup>, gradients to 10<sup>−5</sup>. Only a gradient
 * that all but vanishes while the loss is not small, that is above 2 nats, √T / 4 and 0.006 T, is
 * off by up to some 4 · 10<sup>−8</sup>, unless the logits are float64.
 *
 * <p>Utterances whose targets have {@link Wildcards} are computed in float64 and the log domain
 * throughout, one thread each: some fifteen times as slowly as others, and twice that where labels
 * can be left out.
 *
 * <p>A {@link ProjectedBatch} is computed in strips of frames by tiles of classes. Beyond input and
 * output it takes a panel of up to 2048 frames (logits of 1024 classes, hidden states and their
 * gradient), two numbers for each label and frame of some utterances, and no more for more classes.
 * {@link #blas} multiplies. Logits of utterances with few frames are small matrices, which are
 * slower: none is shared, so that no utterance changes a bit of another. The gradients of weight
 * and bias are sums over the utterances in their order.
 *
 * <p>Memory is kept between calls: with a {@link CtcResult} of the caller's, a call of a shape that
 * was seen before allocates nothing, but for the compact logits of a projected batch and a few
 * kilobytes in which (log-)probabilities are checked. {@link #workspaceBytes} tells how much it is.
 */
public final class CpuCtc extends Ctc {
  private final CpuBackend backend;

  CpuCtc(EngineOptions options) {
    this(new CpuBackend(options));
  }

  CpuCtc(CpuBackend backend) {
    super(backend.workers());
    this.backend = backend;
  }

  static BackendReport report() {
    return new BackendReport(Backend.CPU, CpuBackend.isUsable(), deviceName(), CpuBackend.reason());
  }

  private static String deviceName() {
    return CpuBackend.isUsable() ? HostDevice.name() + "; " + CpuBackend.kernels() : "none";
  }

  @Override
  public Backend backend() {
    return Backend.CPU;
  }

  @Override
  public String device() {
    return deviceName();
  }

  /**
   * What multiplies the matrices of a {@link ProjectedBatch}: OpenBLAS where {@code
   * org.bytedeco:openblas}, its natives and what netlib needs for them are there, and nobody but
   * this user can write to the cache that JavaCPP unpacks them into; else netlib in Java. Loaded by
   * this call, if not before.
   *
   * @throws BackendUnavailableException if {@code dev.ludovic.netlib:blas} is not there, with what
   *     is to be added; the computation of a projected batch throws the same
   */
  public static String blas() {
    return CpuBackend.blas();
  }

  /**
   * How many bytes a call uses for its recursions, beyond input and output, at most. Above {@link
   * EngineOptions#workspaceBytes} only where no way with less exists.
   *
   * @param gradient whether the gradient or posteriors are computed too
   * @throws InvalidInputException if the batch does not go with the options
   */
  public long workspaceBytes(CtcBatch batch, CtcOptions options, boolean gradient) {
    batch.check(options);
    return backend.workspaceBytes(batch.fitting(), gradient);
  }

  @Override
  public void close() {
    super.close();
    backend.close();
  }

  @Override
  void computeLosses(LossCall call) {
    if (call.batch().targets().hasWildcards()) {
      backend.computeLosses(withoutWildcards(call));
      backend.computeWildcards(call);
    } else {
      backend.computeLosses(call);
    }
  }

  /** The others; what it writes of those with wildcards is written over. */
  private static LossCall withoutWildcards(LossCall call) {
    double[] weights = call.weights().clone();
    for (int n = 0; n < weights.length; n++) {
      weights[n] = call.batch().targets().hasWildcards(n) ? 0 : weights[n];
    }
    return new LossCall(call.batch().withoutWildcards(), call.options(), weights, call.places());
  }

  @Override
  void computeLosses(ProjectedCall call) {
    backend.computeLosses(call);
  }

  @Override
  void computeConsistency(ConsistencyCall call) {
    backend.compute(call);
  }
}
