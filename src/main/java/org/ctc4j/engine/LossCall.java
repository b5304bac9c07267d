package org.ctc4j.engine;

import org.ctc4j.CtcBatch;
import org.ctc4j.CtcOptions;

/**
 * One call for the losses of a batch in host memory.
 *
 * @param batch checked against the options; every target fits its frames
 * @param weights (N), the factor of each utterance's loss in the gradient
 * @param places where the results go
 */
public record LossCall(CtcBatch batch, CtcOptions options, double[] weights, LossPlaces places) {}
