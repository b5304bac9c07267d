package org.ctc4j.cli;

import org.ctc4j.text.Vocabulary;

/**
 * What labels are called and when they are.
 *
 * @param vocabulary the names of all classes
 * @param areNamed whether these are names, and not only class numbers
 * @param frameShift seconds from one frame to the next, or null if not known
 */
record Naming(Vocabulary vocabulary, boolean areNamed, Double frameShift) {}
