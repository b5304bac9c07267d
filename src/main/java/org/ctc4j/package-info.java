/**
 * CTC (Connectionist Temporal Classification) for the JVM: batched loss and gradient. Start at
 * {@link org.ctc4j.Ctc}; {@link org.ctc4j.CtcAligner} aligns and {@link org.ctc4j.CtcDecoder}
 * decodes. {@link org.ctc4j.io} reads and writes NumPy's files.
 *
 * <p>Throughout, T is the number of frames, N of utterances, C of classes, blank included, and L of
 * labels in a target; shapes are written outermost axis first.
 */
package org.ctc4j;
