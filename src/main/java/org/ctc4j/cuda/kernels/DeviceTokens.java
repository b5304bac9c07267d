package org.ctc4j.cuda.kernels;

import org.ctc4j.NGramScorer;

/**
 * A language model over tokens in device memory: what a {@code TokenModel} of
 * kernels/beam_search.cu points to, at device addresses.
 *
 * @param scorer that it was made of
 * @param start the state at the beginning
 * @param end the word that is the end of a sentence, −1 if there is none
 */
public record DeviceTokens(
    NGramScorer<?> scorer,
    long arcs,
    long states,
    long unigrams,
    long words,
    int arcCount,
    int start,
    int end) {}
