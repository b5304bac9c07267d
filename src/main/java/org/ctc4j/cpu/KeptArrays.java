package org.ctc4j.cpu;

/** Arrays that are kept from call to call, and replaced only by longer ones. */
final class KeptArrays {
  private KeptArrays() {}

  static float[] atLeast(float[] array, long length) {
    return array.length >= length ? array : new float[Math.toIntExact(length)];
  }

  static double[] atLeast(double[] array, long length) {
    return array.length >= length ? array : new double[Math.toIntExact(length)];
  }

  static int[] atLeast(int[] array, long length) {
    return array.length >= length ? array : new int[Math.toIntExact(length)];
  }
}
