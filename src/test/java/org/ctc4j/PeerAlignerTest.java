package org.ctc4j;

/** On the host's processors. */
class PeerAlignerTest extends PeerAlignerContract {
  @Override
  protected CtcAligner aligner() {
    return CtcAligner.create(Backend.CPU);
  }
}
