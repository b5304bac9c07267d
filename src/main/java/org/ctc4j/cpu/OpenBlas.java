package org.ctc4j.cpu;

import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * OpenBLAS as {@code org.bytedeco:openblas} brings it; the only class that names it. Where that is
 * not on the class path, using this class throws a {@link LinkageError}.
 */
final class OpenBlas {
  private static final String LIBRARY = "openblas_nolapack";

  private OpenBlas() {}

  /** Unpacks and loads the library, and returns where it is. */
  static String load() {
    Loader.load(openblas_nolapack.class);
    return Loader.getLoadedLibraries().entrySet().stream()
        .filter(library -> library.getKey().startsWith(LIBRARY + "@"))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow(
            () -> new UnsatisfiedLinkError("lib" + LIBRARY + " is not among those loaded"));
  }

  /** From then on each call runs on the thread that makes it, in the whole process. */
  static void useOneThread() {
    openblas_nolapack.blas_set_num_threads(1);
  }
}
