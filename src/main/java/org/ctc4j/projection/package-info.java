/**
 * What the backends share of CTC on hidden states and a projection.
 *
 * <p>To the lattice only few classes differ: the blank and the labels of the utterance's own
 * target. All others of a frame act as one, whose logit is their log-sum-exp. So CTC on C classes
 * is, loss and gradient, CTC on the <em>compact</em> logits of those few, and
 *
 * <pre>
 * d loss / d x(c) = compact gradient of c                                 c a label or the blank
 *                 = compact gradient of the others · e^(x(c) − LSE(others))       any other class
 * </pre>
 *
 * <p>The logits themselves are needed twice, a chunk at a time: for the compact logits, and again
 * for the gradient of the logits, from which those of hidden states, weight and bias are products.
 *
 * <p>Internal.
 */
package org.ctc4j.projection;
