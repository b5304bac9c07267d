package org.ctc4j.cuda.driver;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Constructor;
import jcuda.driver.CUstream;

/** A stream that somebody else created, known by its {@code CUstream} or {@code cudaStream_t}. */
public final class ForeignStream {
  private static final MethodHandle CONSTRUCTOR = constructor();

  private ForeignStream() {}

  /** 0 is the default stream. */
  public static CUstream of(long handle) {
    try {
      return (CUstream) CONSTRUCTOR.invokeExact(handle);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** JCuda has a constructor for this and hides it. */
  private static MethodHandle constructor() {
    try {
      Constructor<CUstream> hidden = CUstream.class.getDeclaredConstructor(long.class);
      hidden.setAccessible(true);
      return MethodHandles.lookup().unreflectConstructor(hidden);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
