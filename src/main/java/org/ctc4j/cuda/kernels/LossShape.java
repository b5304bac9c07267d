package org.ctc4j.cuda.kernels;

/**
 * What the workspace of a batch follows from.
 *
 * @param frames T
 * @param utterances N
 * @param classes C
 * @param labels L, the length of the longest target
 * @param keepsRows whether a gradient is asked for, or posteriors: rows of states are kept then,
 *     for something to be made of them
 */
public record LossShape(int frames, int utterances, int classes, int labels, boolean keepsRows) {}
