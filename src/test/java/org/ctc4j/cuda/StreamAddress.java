package org.ctc4j.cuda;

import jcuda.driver.CUstream;

/** The number behind a {@link CUstream}, which other libraries show and JCuda hides. */
final class StreamAddress {
  private StreamAddress() {}

  static long of(CUstream stream) {
    String text = stream.toString(); // CUstream[nativePointer=0x…]
    int start = text.indexOf("0x") + 2;
    return Long.parseLong(text.substring(start, text.indexOf(']')), 16);
  }
}
