/** Greedy and beam search on the host. Internal; reached through {@link org.ctc4j.CtcDecoder}. */
package org.ctc4j.decoding;
