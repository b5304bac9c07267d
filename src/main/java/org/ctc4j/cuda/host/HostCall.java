package org.ctc4j.cuda.host;

/** A call on a batch in host memory, which goes to the device in chunks. */
public interface HostCall {
  int utterances();

  /** The chunk from utterance {@code first} on, of {@code mostUtterances} at most, one at least. */
  StagedChunk next(int first, int mostUtterances);

  /**
   * Whether all utterances are one chunk whatever is asked for. The device memory of such a call
   * may be large, and is given back after it.
   */
  boolean isWhole();
}
