package org.ctc4j.spark;

import java.io.Serializable;
import org.ctc4j.Backend;

/**
 * Where rows are computed.
 *
 * @param backend null: on the GPU that the task was given, else on the processors
 * @param fallback whether a GPU that fails gives way to the processors
 */
record EngineChoice(Backend backend, boolean fallback) implements Serializable {
  static final EngineChoice DEFAULT = new EngineChoice(null, false);
}
