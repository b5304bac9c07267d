package org.ctc4j;

/** In float64, stored as float32. */
class ReferenceSmallPosteriorsTest extends SmallPosteriorsContract {
  @Override
  protected Ctc engine() {
    return Ctc.create(Backend.REFERENCE);
  }

  @Override
  protected double tolerance() {
    return 1e-7;
  }
}
