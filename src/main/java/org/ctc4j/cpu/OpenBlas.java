package org.ctc4j.cpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.ctc4j.host.Trust;

/**
 * OpenBLAS as {@code org.bytedeco:openblas} brings it; the only class that names it. Where that is
 * not on the class path, using this class throws a {@link LinkageError}.
 */
final class OpenBlas {
  private static final String LIBRARY = "openblas_nolapack";

  /** What JavaCPP unpacks for it, in a directory for each jar. */
  private static final List<String> UNPACKED =
      List.of("org/bytedeco/openblas", "org/bytedeco/javacpp");

  private OpenBlas() {}

  /**
   * Unpacks and loads the library, and returns where it is.
   *
   * @throws UnsatisfiedLinkError if it cannot be loaded, or is not to be: JavaCPP takes what lies
   *     in its cache already, so nobody else may have write access there
   */
  static String load() {
    String objection = objection();
    if (!objection.isEmpty()) {
      throw new UnsatisfiedLinkError(
          "JavaCPP would load it from a place where others can write: %s; -Dorg.bytedeco.javacpp.cachedir=DIRECTORY names another"
              .formatted(objection));
    }
    Loader.load(openblas_nolapack.class);
    return Loader.getLoadedLibraries().entrySet().stream()
        .filter(library -> library.getKey().startsWith(LIBRARY + "@"))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow(
            () -> new UnsatisfiedLinkError("lib" + LIBRARY + " is not among those loaded"));
  }

  private static String objection() {
    try {
      Path cache = Loader.getCacheDir().toPath();
      String objection = Trust.objection(cache);
      try (DirectoryStream<Path> jars = Files.newDirectoryStream(cache)) {
        for (Path jar : jars) {
          for (String unpacked : UNPACKED) {
            Path tree = jar.resolve(unpacked);
            if (objection.isEmpty() && Files.exists(tree)) {
              objection = Trust.objectionToTree(tree);
            }
          }
        }
      }
      return objection;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** From then on each call runs on the thread that makes it, in the whole process. */
  static void useOneThread() {
    openblas_nolapack.blas_set_num_threads(1);
  }
}
