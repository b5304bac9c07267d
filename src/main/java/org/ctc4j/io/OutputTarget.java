package org.ctc4j.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Where something is to be written, looked at before there is anything to write. Links are
 * followed. A regular file is replaced as a whole by the next one; a device or a pipe is written to
 * and stays what it is.
 */
public final class OutputTarget {
  private static final int MOST_LINKS = 40; // what Linux follows

  private final String label;
  private final Path path;
  private final boolean replaced;

  private OutputTarget(String label, Path path, boolean replaced) {
    this.label = label;
    this.path = path;
    this.replaced = replaced;
  }

  /**
   * Looks at a target; nothing is written.
   *
   * @throws IOException if it is a folder or may not be written, or its folder does not exist or
   *     takes no file; the message says which
   */
  public static OutputTarget of(Path target) throws IOException {
    String label = Text.printable(target.toString());
    Path path = followed(target, label);
    if (Files.isDirectory(path)) {
      throw unwritable(label, "it is a folder");
    }
    boolean exists = Files.exists(path);
    if (exists && !Files.isWritable(path)) {
      throw unwritable(label, "permission denied");
    }
    if (exists && !Files.isRegularFile(path)) {
      return new OutputTarget(label, path, false);
    }
    Path folder = folder(path, label);
    if (!Files.isWritable(folder) || !Files.isExecutable(folder)) {
      throw unwritable(
          label,
          "the folder %s takes no file: permission denied"
              .formatted(Text.printable(folder.toString())));
    }
    return new OutputTarget(
        label, exists ? path.toRealPath() : folder.toRealPath().resolve(path.getFileName()), true);
  }

  /** What links lead to, also where that does not exist yet. */
  private static Path followed(Path target, String label) throws IOException {
    Path path = target.toAbsolutePath();
    for (int links = 0; !Files.exists(path) && Files.isSymbolicLink(path); links++) {
      if (links == MOST_LINKS) {
        throw unwritable(label, "its links lead nowhere");
      }
      path = path.resolveSibling(Files.readSymbolicLink(path));
    }
    return path;
  }

  private static Path folder(Path path, String label) throws IOException {
    Path folder = path.getParent();
    if (Files.isDirectory(folder)) {
      return folder;
    }
    String name = Text.printable(folder.toString());
    throw unwritable(
        label, Files.exists(folder) ? name + " is not a folder" : "there is no folder " + name);
  }

  /**
   * What the file of a path is known by under every name it has, to be compared with equals: links
   * and spellings make no difference. Null for what is not a regular file, nor would become one:
   * devices and pipes may be read and written, and by several.
   */
  public static Object identity(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return null;
    }
    Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    return key == null ? file.toRealPath() : key; // not every file system has keys
  }

  /** As {@link #identity(Path)}, for a file that need not be there yet. */
  public Object identity() throws IOException {
    return replaced && !Files.exists(path) ? path : identity(path);
  }

  /** Begins to write. */
  public OutputFile open() throws IOException {
    return new OutputFile(this);
  }

  /** Writes all or, to a file, nothing. */
  public void write(byte[] content) throws IOException {
    if (!replaced) {
      try (OutputStream out =
          Files.newOutputStream(path, StandardOpenOption.WRITE)) { // it is there
        out.write(content);
      } catch (IOException e) {
        throw unwritable(e);
      }
      return;
    }
    try (OutputFile file = open()) {
      file.write(content);
      file.commit();
    }
  }

  Path path() {
    return path;
  }

  boolean isReplaced() {
    return replaced;
  }

  /** Stands for the target in messages: as it was named. */
  String label() {
    return label;
  }

  IOException unwritable(IOException problem) {
    return new IOException("cannot write " + label + ": " + Text.cause(problem), problem);
  }

  private static IOException unwritable(String label, String reason) {
    return new IOException("cannot write " + label + ": " + reason);
  }

  /** The path as it was given. */
  @Override
  public String toString() {
    return label;
  }
}
