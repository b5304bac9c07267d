package org.ctc4j.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.net.URL;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import org.ctc4j.host.Trust;

/**
 * Loads JCuda's native libraries. Left to itself JCuda unpacks them into {@code java.io.tmpdir},
 * under a fixed name, without a lock, and takes a file that is there already, whoever put it there.
 * So each is unpacked here, into a new directory that nobody else can write to, and {@link
 * JCudaLibraries} tells JCuda where. An application that used JCuda before has JCuda's own way
 * already, and keeps it.
 *
 * <p>Rejected: to point {@code java.io.tmpdir} elsewhere for the time being, which breaks the
 * temporary files of other threads; to load the libraries before JCuda looks, which it does not
 * notice; a class loader of our own, in which an application's JCuda would be another one.
 */
final class NativeLibraries {
  private static Map<String, String> files; // of the JCudaLibraries that JCuda calls

  private NativeLibraries() {}

  /** Whether a library is on the class path, or in a module; JCuda itself must be. */
  static boolean isPacked(String library) {
    return resource(library) != null;
  }

  /**
   * @param library "JCudaDriver" for example
   * @param touch runs the initialiser of the class that loads it
   * @throws LinkageError if it cannot be loaded
   * @throws IOException if it cannot be unpacked
   */
  static synchronized void load(String library, Runnable touch) throws IOException {
    URL resource = resource(library);
    if (resource == null) {
      redirect(platformName(library), "");
      touch.run();
      return;
    }
    Path directory = Trust.newDirectory("ctc4j-jcuda");
    try {
      Path file = directory.resolve(System.mapLibraryName(platformName(library)));
      try (InputStream in = resource.openStream()) {
        Files.copy(in, file);
      }
      redirect(platformName(library), file.toString());
      touch.run();
    } finally {
      delete(directory);
    }
  }

  private static String platformName(String library) {
    return LibUtils.createPlatformLibraryName(library + "-" + JCudaVersion.get());
  }

  private static URL resource(String library) {
    String file = "lib/" + System.mapLibraryName(platformName(library));
    return LibUtils.class.getClassLoader().getResource(file); // natives are a module of their own
  }

  private static void redirect(String name, String file) throws IOException {
    if (files == null) {
      files = redirection();
    }
    files.put(name, file);
  }

  private static Map<String, String> redirection() throws IOException {
    byte[] bytes = RenamedClass.of(JCudaLibraries.class, "jcuda/LibUtilsCuda");
    try {
      Class<?> defined =
          MethodHandles.privateLookupIn(JCudaVersion.class, MethodHandles.lookup())
              .defineClass(bytes);
      @SuppressWarnings("unchecked") // it is what the field of JCudaLibraries is
      Map<String, String> redirected = (Map<String, String>) defined.getField("FILES").get(null);
      return redirected;
    } catch (LinkageError e) {
      return JCudaLibraries.FILES; // JCuda's own class is in use, so nobody will look here
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The message of an error and of all that caused it. */
  static String text(LinkageError error) {
    StringBuilder all = new StringBuilder();
    for (Throwable e = error; e != null; e = e.getCause()) {
      all.append(e).append('\n');
    }
    return all.toString();
  }

  /** The last line of {@link #text} that tells of a link that failed. */
  static String lastLink(String text) {
    return text.lines()
        .filter(line -> line.contains("UnsatisfiedLinkError"))
        .reduce((first, last) -> last)
        .orElse(text)
        .strip();
  }

  /** The library stays mapped when its file is gone; on Windows the file stays as long as that. */
  private static void delete(Path directory) {
    try (DirectoryStream<Path> unpacked = Files.newDirectoryStream(directory)) {
      for (Path file : unpacked) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      // it lies in the temporary directory and harms nobody
    }
  }
}
