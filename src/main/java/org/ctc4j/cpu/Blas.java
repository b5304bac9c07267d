package org.ctc4j.cpu;

import dev.ludovic.netlib.blas.BLAS;
import dev.ludovic.netlib.blas.JavaBLAS;
import dev.ludovic.netlib.blas.NativeBLAS;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.host.OptionalLibrary;

/**
 * What multiplies matrices, through the interface of netlib. In this order:
 *
 * <ol>
 *   <li>the native library that netlib's own properties name, if they do;
 *   <li>OpenBLAS, where {@code org.bytedeco:openblas} and its natives are on the class path. It is
 *       told to use one thread, in the whole process: the engine has threads of its own, and how it
 *       cuts the work does not depend on their number;
 *   <li>netlib in Java, which uses the Vector API if the JVM has it.
 * </ol>
 *
 * <p>This class cannot be loaded where {@link OptionalLibrary#NETLIB} is absent.
 *
 * <p>The system property {@value #PROPERTY} ("java" or "openblas") insists on one. A {@code
 * libblas.so.3} that happens to be installed is not taken: as often as not it is the reference
 * implementation, slower than Java.
 *
 * <p>netlib's implementations are asked for one by one, not through its {@code getInstance}, which
 * settles for the whole JVM whether netlib goes native, by properties that would have to be set
 * here. One is left: netlib's native half reads the path of the BLAS from a property of netlib's,
 * which therefore is set while that half is loaded. Rejected: OpenBLAS by the binding that it comes
 * with, which copies arrays whole, or takes memory outside the heap; with tiles copied there a
 * product took 8 to 18 % longer.
 *
 * @param netlib thread-safe
 * @param name for people to read
 * @param isOpenBlas whether {@link OpenBlas} was loaded
 */
record Blas(BLAS netlib, String name, boolean isOpenBlas) {
  static final String PROPERTY = "org.ctc4j.blas";

  private static final String NETLIB = "dev.ludovic.netlib.blas.";
  private static final String LIBRARY = NETLIB + "nativeLib";
  private static final String LIBRARY_PATH = NETLIB + "nativeLibPath";

  private static final System.Logger LOGGER = System.getLogger("org.ctc4j");

  /** What every engine uses. */
  static Blas get() {
    return Holder.BLAS;
  }

  private static final class Holder {
    static final Blas BLAS = choose(System.getProperty(PROPERTY, ""));

    static {
      LOGGER.log(System.Logger.Level.DEBUG, "matrix products by " + BLAS.name);
    }
  }

  static Blas choose(String wanted) {
    return switch (wanted) {
      case "java" -> java();
      case "openblas" -> openBlas(true);
      case "" -> {
        boolean named = System.getProperty(LIBRARY_PATH, System.getProperty(LIBRARY)) != null;
        Blas blas = named ? named() : openBlas(false);
        yield blas != null ? blas : java();
      }
      default ->
          throw new BackendUnavailableException(
              Backend.CPU, "%s: expected java or openblas, got %s".formatted(PROPERTY, wanted));
    };
  }

  /** To be called before each use: another part of the process may have set it otherwise. */
  void useOneThread() {
    if (isOpenBlas) {
      OpenBlas.useOneThread();
    }
  }

  private static Blas java() {
    BLAS java = javaBlas();
    return new Blas(java, "netlib " + java.getClass().getSimpleName(), false);
  }

  private static BLAS javaBlas() {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()) {
      try {
        return netlib("VectorBLAS", JavaBLAS.class);
      } catch (IllegalStateException | LinkageError e) {
        LOGGER.log(System.Logger.Level.DEBUG, "netlib cannot use this Vector API: " + e);
      }
    }
    return netlib("Java11BLAS", JavaBLAS.class);
  }

  private static Blas named() {
    String objection = OptionalLibrary.NETLIB_NATIVES.absence();
    try {
      if (objection.isEmpty()) {
        return new Blas(
            netlib("JNIBLAS", NativeBLAS.class),
            "netlib JNIBLAS on " + System.getProperty(LIBRARY_PATH, System.getProperty(LIBRARY)),
            false);
      }
    } catch (RuntimeException | LinkageError e) {
      objection = e.toString();
    }
    LOGGER.log(System.Logger.Level.WARNING, "the BLAS that was named cannot be used: " + objection);
    return null;
  }

  private static Blas openBlas(boolean insist) {
    String absence = OptionalLibrary.OPENBLAS.absence();
    if (absence.isEmpty()) {
      absence = OptionalLibrary.NETLIB_NATIVES.absence();
    }
    if (!absence.isEmpty()) {
      return withoutOpenBlas(insist, absence, null);
    }
    try {
      String library = OpenBlas.load();
      OpenBlas.useOneThread();
      return new Blas(nativeBlas(library), "OpenBLAS", true);
    } catch (RuntimeException | LinkageError e) {
      return withoutOpenBlas(insist, e.toString(), e);
    }
  }

  private static Blas withoutOpenBlas(boolean insist, String reason, Throwable cause) {
    String told = "OpenBLAS cannot be used: " + reason;
    if (insist) {
      throw (BackendUnavailableException)
          new BackendUnavailableException(Backend.CPU, told).initCause(cause);
    }
    LOGGER.log(System.Logger.Level.DEBUG, told);
    return null;
  }

  /** netlib's native half, on a library of ours where it was not loaded by somebody before. */
  private static BLAS nativeBlas(String library) {
    String before = System.getProperty(LIBRARY_PATH);
    System.setProperty(LIBRARY_PATH, library);
    try {
      return netlib("JNIBLAS", NativeBLAS.class);
    } finally {
      if (before == null) {
        System.clearProperty(LIBRARY_PATH);
      } else {
        System.setProperty(LIBRARY_PATH, before);
      }
    }
  }

  /** An implementation by its name, which netlib does not show. */
  private static BLAS netlib(String name, Class<? extends BLAS> type) {
    try {
      MethodHandles.Lookup inside = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
      Class<?> implementation = inside.findClass(NETLIB + name);
      return (BLAS)
          inside.findStatic(implementation, "getInstance", MethodType.methodType(type)).invoke();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
