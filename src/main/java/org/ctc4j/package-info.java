/**
 * CTC (Connectionist Temporal Classification) for the JVM: batched loss and gradient. Start at
 * {@link org.ctc4j.Ctc}.
 *
 * <p>Throughout, T is the number of frames, N of utterances, C of classes, blank included, and L of
 * labels in a target; shapes are written outermost axis first.
 */
package org.ctc4j;
