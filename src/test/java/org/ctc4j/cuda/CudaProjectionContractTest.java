package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CudaCtc;
import org.ctc4j.EngineOptions;
import org.ctc4j.ProjectionContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The contract of projected batches, on the emulated driver and cuBLAS. */
@Emulated
class CudaProjectionContractTest extends ProjectionContract {
  private static long products;

  @BeforeEach
  void settings() {
    Emulator.set("checking", Long.getLong("ctc4j.checking", 0));
  }

  @Override
  protected Ctc engine(EngineOptions options) {
    Ctc engine = Ctc.create(Backend.CUDA, options);
    assertInstanceOf(CudaCtc.class, engine);
    assertTrue(engine.device().startsWith("Emulated GPU 0"), engine::device);
    return engine;
  }

  @Override
  protected double tolerance() {
    return 1e-5;
  }

  /** Here every thread of a warp is stepped by itself. */
  @Override
  protected int batches() {
    return 100;
  }

  @AfterEach
  void countProducts() {
    products += Emulator.calls("cublasGemmEx");
    assertEquals("", Emulator.finding());
  }

  @AfterAll
  static void theProductsRan() {
    assertTrue(products > 0, "no matrix product was asked of cuBLAS: something else computed");
  }
}
