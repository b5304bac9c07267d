package org.ctc4j.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * Builds the emulated {@code libcuda.so.1}, and {@code libcublas.so.12} on top of it, with g++ out
 * of {@code src/test/native} and {@code kernels}, once for each state of the sources and options:
 * the results lie under {@code target/emulator}, or {@code target/emulator-ptx}, by {@link Engine};
 * what both engines are linked from is compiled once, to {@code target/emulator-objects}.
 */
final class EmulatorBuild {
  private static final Path NATIVE = Path.of("src/test/native");
  private static final Path KERNELS = Path.of("kernels");
  private static final Path OBJECTS = Path.of("target/emulator-objects");
  private static final List<String> FLAGS =
      List.of("-std=c++17", "-g1", "-fPIC", "-fvisibility=hidden", "-Wall", "-Wno-unknown-pragmas");

  /**
   * The kernels: the compiler reports accesses to memory to the engine, not to libtsan and
   * libubsan.
   */
  private static final List<String> CHECKED =
      List.of(
          "-O1", "-fno-strict-aliasing", "-fsanitize=thread,alignment", "-fno-threadsafe-statics");

  /**
   * The engine of the PTX: lanes in loops of 32, for this processor, which has fma for one;
   * roundings as the instructions have them.
   */
  private static final List<String> VECTORISED =
      List.of("-O3", "-march=native", "-ffp-contract=off", "-frounding-math");

  private EmulatorBuild() {}

  /** Whether there is a g++. */
  static boolean isPossible() {
    try {
      return new ProcessBuilder("g++", "--version")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The driver, built with all that goes with it if it is not there yet. */
  static Path library() {
    try {
      String hash = hash();
      Path objects = Files.createDirectories(OBJECTS.resolve(hash).toAbsolutePath());
      Path directory = Files.createDirectories(Engine.CHOSEN.target.resolve(hash).toAbsolutePath());
      // the JVMs in which tests run begin at the same time
      try (FileChannel lock =
          FileChannel.open(
              objects.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        lock.lock();
        return library(directory, objects);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path library(Path directory, Path objects) throws IOException {
    Path library = directory.resolve("libcuda.so.1");
    Path cublas = cublas(library);
    if (!Files.exists(library)) {
      link(library, compile(objects, units()), List.of());
    }
    if (!Files.exists(cublas)) {
      link(
          cublas,
          compile(objects, sources("cublas", ".cpp")),
          List.of(
              library.toString(), "-Wl,--version-script=" + NATIVE.resolve("cublas/versions.map")));
    }
    return library;
  }

  /** What the engine, or the kernels, of a driver were compiled to. */
  static Path object(Path library, String unit) {
    Path hash = library.getParent().getFileName();
    return object(OBJECTS.toAbsolutePath().resolve(hash), NATIVE.resolve("device").resolve(unit));
  }

  private static Path object(Path directory, Path source) {
    String name = NATIVE.relativize(source).toString().replace('/', '-');
    return directory.resolve(name.replace(".cpp", ".o"));
  }

  /** The cuBLAS that lies beside a driver. */
  static Path cublas(Path library) {
    return library.resolveSibling("libcublas.so.12");
  }

  /** One compiler for each processor, the next one as soon as any is done. */
  private static List<Path> compile(Path directory, List<Path> units) {
    ExecutorService compilers =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    try {
      List<Future<Path>> objects = new ArrayList<>();
      for (Path source : units) {
        objects.add(compilers.submit(() -> compile(source, object(directory, source))));
      }
      List<Path> compiled = new ArrayList<>();
      for (Future<Path> object : objects) {
        compiled.add(object.get());
      }
      return compiled;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      compilers.shutdownNow();
    }
  }

  private static Path compile(Path source, Path object) throws IOException {
    if (Files.exists(object)) {
      return object;
    }
    Path temporary = object.resolveSibling(object.getFileName() + ".compiling");
    List<String> command = new ArrayList<>(List.of("g++"));
    command.addAll(FLAGS);
    command.addAll(optionsOf(source));
    Path include = Path.of(System.getProperty("java.home"), "include");
    command.addAll(List.of("-I" + include, "-I" + include.resolve("linux")));
    command.add("-I" + NATIVE.resolve("device"));
    command.addAll(List.of("-c", source.toString(), "-o", temporary.toString()));
    await(start(command));
    return Files.move(temporary, object, StandardCopyOption.ATOMIC_MOVE);
  }

  private static List<String> optionsOf(Path source) {
    if (source.endsWith("device/kernels.cpp")) {
      return CHECKED;
    }
    return source.getParent().endsWith("ptx") ? VECTORISED : List.of("-O2");
  }

  private static void link(Path library, List<Path> objects, List<String> options)
      throws IOException {
    String name = library.getFileName().toString();
    Path temporary = library.resolveSibling(name + ".linking");
    List<String> link =
        new ArrayList<>(List.of("g++", "-shared", "-Wl,-soname," + name, "-Wl,--no-undefined"));
    link.addAll(List.of("-o", temporary.toString()));
    objects.forEach(object -> link.add(object.toString()));
    link.addAll(options);
    await(start(link));
    Files.move(temporary, library, StandardCopyOption.ATOMIC_MOVE);
  }

  private static Process start(List<String> command) throws IOException {
    return new ProcessBuilder(command).inheritIO().start();
  }

  private static void await(Process process) {
    try {
      if (process.waitFor() != 0) {
        throw new IllegalStateException(
            "failed: " + String.join(" ", process.info().commandLine().orElse("g++")));
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Everything that is compiled: the engine, with what it runs if that is compiled; the driver. */
  private static List<Path> units() throws IOException {
    List<Path> units = new ArrayList<>();
    if (Engine.CHOSEN == Engine.PTX) {
      units.addAll(sources("ptx", ".cpp"));
    } else {
      units.add(NATIVE.resolve("device/kernels.cpp")); // the one that takes longest
      units.add(NATIVE.resolve("device/engine.cpp"));
    }
    units.add(NATIVE.resolve("device/shadow.cpp"));
    units.addAll(sources("driver", ".cpp"));
    return units;
  }

  private static List<Path> sources() throws IOException {
    List<Path> all = new ArrayList<>();
    for (String directory : List.of("driver", "device", "ptx", "cublas")) {
      all.addAll(sources(directory, ""));
    }
    all.addAll(files(KERNELS, ""));
    return all;
  }

  private static List<Path> sources(String directory, String ending) throws IOException {
    return files(NATIVE.resolve(directory), ending);
  }

  private static List<Path> files(Path directory, String ending) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> Files.isRegularFile(file) && file.toString().endsWith(ending))
          .sorted()
          .toList();
    }
  }

  private static String hash() throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update((FLAGS + " " + CHECKED + " " + VECTORISED).getBytes(StandardCharsets.UTF_8));
      for (Path source : sources()) {
        digest.update(Files.readAllBytes(source));
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
