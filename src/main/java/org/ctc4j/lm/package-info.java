/**
 * N-gram language models: of words for {@link org.ctc4j.text.WordScorer}, of tokens for {@link
 * org.ctc4j.text.TokenScorer}. Needs the JDK alone.
 */
package org.ctc4j.lm;
