package org.ctc4j.cuda.driver;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jcuda.JCudaVersion;
import jcuda.jcublas.JCublas2;
import org.ctc4j.host.OptionalLibrary;
import org.ctc4j.host.Platform;

/**
 * JCuda's cuBLAS library and with it NVIDIA's {@code libcublas.so.12}, loaded once for the JVM and
 * not before a matrix product is wanted: nothing else needs it. Where that fails the reason is kept
 * and told to everybody who asks. Thread-safe.
 */
public final class CublasLibrary {
  /**
   * Names the file {@code libcublas.so.12}, on Windows {@code cublas64_12.dll}, or the directory
   * that it lies in.
   */
  public static final String PROPERTY = "org.ctc4j.cublas";

  private static final boolean WINDOWS = Platform.HERE.isWindows();
  private static final String NAME = WINDOWS ? "cublas64_12.dll" : "libcublas.so.12";
  private static final String NEWER = "libcublas.so.13";

  private CublasLibrary() {}

  /** "" if cuBLAS is loaded; else why not, and what would mend it. */
  public static String unavailability() {
    return Loaded.REASON;
  }

  /** Loads on first use, under the lock of class initialisation. */
  private static final class Loaded {
    static final String REASON = load();

    private static String load() {
      String absence = OptionalLibrary.JCUBLAS.absence(JCudaVersion.get());
      if (!absence.isEmpty()) {
        return absence;
      }
      String named = System.getProperty(PROPERTY);
      List<Path> searched = named == null ? places() : List.of();
      try {
        Path file = named == null ? find(searched, NAME) : namedFile(named);
        if (named != null && !Files.isRegularFile(file)) {
          return "-D%s=%s: there is no file %s".formatted(PROPERTY, named, file);
        }
        if (file != null) {
          System.load(file.toAbsolutePath().toString());
        }
        NativeLibraries.load("JCublas2", JCublas2::initialize);
        return "";
      } catch (LinkageError e) {
        return reason(NativeLibraries.text(e), named, searched);
      } catch (IOException e) {
        return "no place to unpack JCuda's cuBLAS library in: " + e;
      }
    }

    private static Path namedFile(String named) {
      Path path = Path.of(named);
      return Files.isDirectory(path) ? path.resolve(NAME) : path;
    }

    private static String reason(String text, String named, List<Path> searched) {
      if (text.contains("No resource found")) {
        return OptionalLibrary.JCUBLAS.nativesAbsence(JCudaVersion.get());
      }
      if (WINDOWS && named == null && find(searched, NAME) == null) {
        return notFound(searched);
      }
      if (text.contains(NAME + ": cannot open")) {
        return named == null ? notFound(searched) : otherVersion(named);
      }
      return "cuBLAS cannot be loaded: " + NativeLibraries.lastLink(text);
    }

    private static String notFound(List<Path> searched) {
      Path newer = find(searched, NEWER);
      String places =
          "looked for in %s and where the dynamic linker looks"
              .formatted(String.join(", ", searched.stream().map(Path::toString).toList()));
      return newer == null
          ? "%s was not found (%s); install cuBLAS of CUDA 12, or name the file with -D%s=PATH"
              .formatted(NAME, places, PROPERTY)
          : "%s was not found (%s), only that of CUDA 13, %s; scripts/cublas12-bridge builds a %s that forwards to it, to be named with -D%s=PATH"
              .formatted(NAME, places, newer, NAME, PROPERTY);
    }

    private static String otherVersion(String named) {
      return "-D%s=%s: expected cuBLAS of CUDA 12, a library that calls itself %s; for CUDA 13 scripts/cublas12-bridge builds one"
          .formatted(PROPERTY, named, NAME);
    }

    /** The first of the directories that holds a file of that name, with it; or null. */
    private static Path find(List<Path> directories, String name) {
      return directories.stream()
          .map(directory -> directory.resolve(name))
          .filter(Files::isRegularFile)
          .findFirst()
          .orElse(null);
    }

    /** Where installations put it, the linker's own path first. */
    private static List<Path> places() {
      List<Path> places = new ArrayList<>(DynamicLinker.libraryPath());
      if (WINDOWS) {
        return places; // where the toolkit's installer enters itself
      }
      try (DirectoryStream<Path> toolkits =
          Files.newDirectoryStream(Path.of("/usr/local"), "cuda*")) {
        for (Path toolkit : toolkits) {
          places.add(toolkit.resolve("lib64"));
        }
      } catch (IOException e) {
        // there is no such directory, and so no toolkit in it
      }
      places.add(Path.of("/usr/lib/x86_64-linux-gnu"));
      places.add(Path.of("/usr/lib64"));
      return places;
    }
  }
}
