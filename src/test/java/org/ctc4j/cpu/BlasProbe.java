package org.ctc4j.cpu;

import dev.ludovic.netlib.blas.NativeBLAS;
import org.ctc4j.BackendUnavailableException;

/** Loads a BLAS in a JVM of its own and prints which, and what it left of netlib and properties. */
final class BlasProbe {
  private BlasProbe() {}

  public static void main(String[] args) {
    Object before = System.getProperties().clone();
    try {
      System.out.println(Blas.choose(args[0]).name());
    } catch (BackendUnavailableException e) {
      System.out.println(e.getMessage());
    }
    if (!before.equals(System.getProperties())) {
      System.out.println("properties have changed");
    }
    if (args.length > 1) { // as an application would that uses netlib itself
      System.setProperty("dev.ludovic.netlib.blas.nativeLibPath", OpenBlas.load());
      System.out.println(NativeBLAS.getInstance().getClass().getSimpleName());
    }
  }
}
