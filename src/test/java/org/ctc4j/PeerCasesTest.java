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
  protected double lossFloor(double loss) {
    return 1e-14 * Math.sqrt(loss); // near 0 it is p * p, and 1 - p has the digits of float64
  }

  @Override
  protected double gradientRounding(ElementType input) {
    return input == ElementType.FLOAT32 ? 1e-7 : 1e-14;
  }
}
