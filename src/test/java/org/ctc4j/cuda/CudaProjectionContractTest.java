package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.Ctc;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.NearlyCertainCase;
import org.ctc4j.ProjectionContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;

@OnDevice
@DisplayName("CUDA: projections")
class CudaProjectionContractTest extends ProjectionContract {
  private static long products;

  @BeforeEach
  void settings() {
    TestDriver.set("checking", Long.getLong("ctc4j.checking", 0));
  }

  @Override
  protected Ctc engine(EngineOptions options) {
    return new TestedCuda().engine(options);
  }

  @Override
  protected double tolerance() {
    return 1e-5;
  }

  /** cuBLAS sums in an order that it chooses by the shape of a product. */
  @Override
  protected boolean sameBitsInAnyCompany() {
    return false;
  }

  /** An emulation steps every thread of a warp by itself. */
  @Override
  protected int batches() {
    return TestDriver.isGpu() ? super.batches() : 100;
  }

  /** All are in one chunk, many or few. */
  @Override
  protected int longFrames() {
    return TestDriver.isGpu() ? super.longFrames() : 100;
  }

  /** The largest is scaled to the middle of a type's range. */
  @Override
  protected double least(NearlyCertainCase one, ElementType type) {
    return switch (type) {
      case FLOAT64 -> Double.MIN_VALUE;
      case FLOAT32, BFLOAT16 -> Math.max(Double.MIN_VALUE, 0x1p-110 * one.gradientNorm());
      case FLOAT16 -> Math.max(Double.MIN_VALUE, 0x1p-40 * one.gradientNorm());
    };
  }

  /** Long ones take the emulated driver seconds: there once, for one type. */
  @Override
  protected boolean isPromised(NearlyCertainCase one, ElementType type) {
    boolean isOne = one.margin() == 40 && type == ElementType.FLOAT32;
    return TestDriver.isGpu() || one.frames() < 1000 || isOne;
  }

  @AfterEach
  void countProducts() {
    products += TestDriver.calls("cublasGemmEx");
    TestDriver.assertNoFindings();
  }

  @AfterAll
  static void theProductsRan() {
    assertTrue(
        products > 0 || !TestDriver.isEmulated(),
        "no matrix product was asked of cuBLAS: something else computed");
  }
}
