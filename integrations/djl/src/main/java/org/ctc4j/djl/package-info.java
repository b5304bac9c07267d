/**
 * Training with CTC in the Deep Java Library (DJL): {@link org.ctc4j.djl.CtcLoss the loss}, {@link
 * org.ctc4j.djl.CtcErrorRate error rates}, {@link org.ctc4j.djl.TargetsBatchifier batches of ragged
 * targets}, and {@link org.ctc4j.djl.CtcTranslator from logits to text}.
 *
 * <p><b>Predictions</b> are the first array of their list, (N, T, C) or (T, N, C) as {@link
 * org.ctc4j.djl.FrameLayout} says, of float32, float64, float16 or bfloat16. <b>Labels</b> are a
 * list of up to three arrays of int32 or int64:
 *
 * <ol>
 *   <li>targets, without blanks: padded, (N, Lmax), or concatenated, (Σ L<sub>n</sub>), and with
 *       {@link org.ctc4j.Wildcards} where a loss is told what these cost;
 *   <li>target lengths, (N); may be left out where padded targets are all as long as their array is
 *       wide;
 *   <li>input lengths, (N): the frames of the predictions that each utterance uses; if left out,
 *       all T.
 * </ol>
 *
 * <p>Arrays on the processor are read and written where they are. Those on a GPU go through the
 * host: DJL gives no address of device memory that {@link org.ctc4j.CudaCtc} could take.
 */
package org.ctc4j.djl;
