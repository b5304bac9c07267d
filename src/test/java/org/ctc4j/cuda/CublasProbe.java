package org.ctc4j.cuda;

import java.util.Random;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.Ctc;
import org.ctc4j.ElementType;
import org.ctc4j.cuda.driver.CublasLibrary;

/**
 * Computes a projected batch on the emulated driver, in a JVM of its own, and prints "computed", or
 * why not. Its argument, if any, is what the property for cuBLAS is set to.
 */
final class CublasProbe {
  private CublasProbe() {}

  public static void main(String[] arguments) {
    Emulator.reset();
    if (arguments.length == 0) {
      System.clearProperty(CublasLibrary.PROPERTY);
    } else {
      System.setProperty(CublasLibrary.PROPERTY, arguments[0]);
    }
    ProjectionCase one = ProjectionCase.random(new Random(1), ElementType.FLOAT32, 5, 2, 9, 3, 2);
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      ctc.compute(one.batch(), one.options(), one.room());
      System.out.println("computed");
    } catch (BackendUnavailableException e) {
      System.out.println(e.getMessage());
    }
  }
}
