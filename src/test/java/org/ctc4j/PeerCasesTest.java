package org.ctc4j;

/** On the reference. */
class PeerCasesTest extends PeerContract {
  @Override
  protected Ctc engine() {
    return Ctc.create(Backend.REFERENCE);
  }

  @Override
  protected double lossRounding(ElementType input) {
    return input == ElementType.FLOAT32 ? 1e-7 : 1e-14;
  }

  @Override
  protected double gradientRounding(ElementType input) {
    return input == ElementType.FLOAT32 ? 1e-7 : 1e-14;
  }
}
