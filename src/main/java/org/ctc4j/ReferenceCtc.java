package org.ctc4j;

import org.ctc4j.engine.ConsistencyCall;
import org.ctc4j.engine.LossCall;
import org.ctc4j.engine.ProjectedCall;
import org.ctc4j.host.Workers;
import org.ctc4j.reference.ReferenceBackend;
import org.ctc4j.reference.ReferenceConsistency;
import org.ctc4j.reference.ReferenceProjection;

/**
 * The textbook recursions in float64 and the log domain, whatever the type of the input: the oracle
 * that the fast backends are checked against. Its gradients are float64.
 *
 * <p>Memory: T · (2L + 1) float64 numbers for each thread when a gradient is asked for. For a
 * {@link ProjectedBatch} it holds all logits and their gradient, T · N · C float64 numbers each:
 * the other backends are for not doing that.
 */
public final class ReferenceCtc extends Ctc {
  private final ReferenceBackend backend;
  private final ReferenceProjection projection;
  private final ReferenceConsistency consistency;

  ReferenceCtc(EngineOptions options) {
    this(Workers.of(options));
  }

  private ReferenceCtc(Workers workers) {
    super(workers);
    backend = new ReferenceBackend(workers);
    projection = new ReferenceProjection(workers);
    consistency = new ReferenceConsistency(workers);
  }

  @Override
  public Backend backend() {
    return Backend.REFERENCE;
  }

  @Override
  public String device() {
    return HostDevice.name();
  }

  @Override
  public ElementType gradientType(ElementType logits) {
    return ElementType.FLOAT64;
  }

  @Override
  void computeLosses(LossCall call) {
    backend.computeLosses(call);
  }

  @Override
  void computeLosses(ProjectedCall call) {
    projection.computeLosses(call);
  }

  @Override
  void computeConsistency(ConsistencyCall call) {
    consistency.compute(call);
  }
}
