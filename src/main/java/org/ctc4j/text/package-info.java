/**
 * From classes to text and back: what a model's classes are called ({@link
 * org.ctc4j.text.Vocabulary}), and how far texts are from their references ({@link
 * org.ctc4j.text.ErrorCounts}). Needs the JDK alone.
 */
package org.ctc4j.text;
