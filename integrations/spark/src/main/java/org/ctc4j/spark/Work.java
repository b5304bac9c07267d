package org.ctc4j.spark;

import java.io.Serializable;
import java.util.Set;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcOptions;
import org.ctc4j.text.Vocabulary;

/**
 * What is to be computed of every row.
 *
 * @param outputs one or more
 * @param vocabulary null: none
 * @param beam null: greedy decoding
 * @param engine where
 */
record Work(
    Set<CtcOutput> outputs,
    CtcOptions options,
    Vocabulary vocabulary,
    BeamOptions beam,
    EngineChoice engine)
    implements Serializable {
  boolean decodes() {
    return outputs.stream().anyMatch(CtcOutput::needsDecoding);
  }
}
