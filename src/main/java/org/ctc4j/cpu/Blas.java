package org.ctc4j.cpu;

import dev.ludovic.netlib.blas.BLAS;
import dev.ludovic.netlib.blas.JavaBLAS;
import dev.ludovic.netlib.blas.NativeBLAS;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;

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
 * <p>The system property {@value #PROPERTY} ("java" or "openblas") insists on one. A {@code
 * libblas.so.3} that happens to be installed is not taken: as often as not it is the reference
 * implementation, slower than Java.
 *
 * @param netlib thread-safe
 * @param name for people to read
 * @param isOpenBlas whether {@link OpenBlas} was loaded
 */
record Blas(BLAS netlib, String name, boolean isOpenBlas) {
  static final String PROPERTY = "org.ctc4j.blas";

  private static final String NETLIB = "dev.ludovic.netlib.blas.";
  private static final String ALLOW_NATIVE = NETLIB + "allowNative";
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
    // netlib looks for a native library when it is first touched, and complains if there is none
    BLAS java = quietly(ALLOW_NATIVE, "false", JavaBLAS::getInstance);
    return new Blas(java, "netlib " + java.getClass().getSimpleName(), false);
  }

  private static Blas named() {
    try {
      return new Blas(
          quietly(ALLOW_NATIVE, "true", NativeBLAS::getInstance),
          "netlib JNIBLAS on " + System.getProperty(LIBRARY_PATH, System.getProperty(LIBRARY)),
          false);
    } catch (RuntimeException | LinkageError e) {
      LOGGER.log(System.Logger.Level.WARNING, "the BLAS that was named cannot be used: " + e);
      return null;
    }
  }

  private static Blas openBlas(boolean insist) {
    try {
      String library = OpenBlas.load();
      OpenBlas.useOneThread();
      BLAS blas = quietly(LIBRARY_PATH, library, NativeBLAS::getInstance);
      return new Blas(blas, "OpenBLAS", true);
    } catch (RuntimeException | LinkageError e) {
      if (insist) {
        throw (BackendUnavailableException)
            new BackendUnavailableException(Backend.CPU, "OpenBLAS cannot be used: " + e)
                .initCause(e);
      }
      LOGGER.log(System.Logger.Level.DEBUG, "OpenBLAS cannot be used: " + e);
      return null;
    }
  }

  /** Touches netlib with a property set, and without what it logs on that. */
  private static <T> T quietly(String property, String value, Supplier<T> get) {
    Logger logger = Logger.getLogger(NETLIB + "InstanceBuilder");
    Level level = logger.getLevel();
    String before = System.getProperty(property);
    logger.setLevel(Level.WARNING);
    System.setProperty(property, value);
    try {
      return get.get();
    } finally {
      logger.setLevel(level);
      if (before == null) {
        System.clearProperty(property);
      } else {
        System.setProperty(property, before);
      }
    }
  }
}
