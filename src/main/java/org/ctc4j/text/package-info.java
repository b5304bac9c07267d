/**
 * From classes to text and back: what a model's classes are called ({@link
 * org.ctc4j.text.Vocabulary}), how far texts are from their references ({@link
 * org.ctc4j.text.ErrorCounts}), and what a beam search is to know of words ({@link
 * org.ctc4j.text.WordScorer}, {@link org.ctc4j.text.Lexicon}). Needs the JDK alone.
 */
package org.ctc4j.text;
