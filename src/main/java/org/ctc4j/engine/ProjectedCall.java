package org.ctc4j.engine;

import org.ctc4j.CtcOptions;
import org.ctc4j.ProjectedBatch;

/**
 * One call for the losses of a batch of hidden states in host memory.
 *
 * @param batch checked against the options; every target fits its frames
 * @param weights (N), the factor of each utterance's loss in the gradients
 * @param places where the results go
 */
public record ProjectedCall(
    ProjectedBatch batch, CtcOptions options, double[] weights, ProjectedPlaces places) {}
