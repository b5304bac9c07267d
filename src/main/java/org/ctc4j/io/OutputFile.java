package org.ctc4j.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;

/**
 * An output while it is written: a temporary file, in the target's folder where that is a file.
 * {@link #commit()} puts it in the target's place; {@link #close()} without it, or the end of the
 * JVM, by a signal too, leaves what was there before and nothing else. A device or a pipe is
 * written to at the commit. For use by one thread at a time.
 */
public final class OutputFile implements Closeable {
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final OutputTarget target;
  private final Path temporary;
  private final Thread deletion = new Thread(this::end);
  private final FileChannel channel;
  private boolean ended;

  OutputFile(OutputTarget target) throws IOException {
    this.target = target;
    String name = ".ctc4j-" + UUID.randomUUID() + ".tmp";
    this.temporary =
        target.isReplaced()
            ? target.path().resolveSibling(name)
            : Path.of(System.getProperty("java.io.tmpdir"), name);
    try {
      Runtime.getRuntime().addShutdownHook(deletion);
    } catch (IllegalStateException e) {
      throw new IOException("cannot write " + target.label() + ": the JVM is ending", e);
    }
    try {
      this.channel = create();
    } catch (IOException e) {
      close();
      throw target.isReplaced() ? target.unwritable(e) : noTemporary(e);
    }
  }

  private IOException noTemporary(IOException problem) {
    String folder = Text.printable(String.valueOf(temporary.getParent()));
    return new IOException(
        "cannot write %s: the folder for temporary files, %s, takes none: %s"
            .formatted(target.label(), folder, Text.cause(problem)),
        problem);
  }

  /** Not while, nor after, the end of the JVM deletes it. */
  private synchronized FileChannel create() throws IOException {
    if (ended) {
      throw new IOException("the JVM is ending");
    }
    Set<StandardOpenOption> options =
        Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    boolean isNew = target.isReplaced() && !Files.exists(target.path());
    PosixFileAttributeView view =
        Files.getFileAttributeView(target.path(), PosixFileAttributeView.class);
    if (isNew || view == null) {
      return FileChannel.open(temporary, options);
    }
    FileChannel created = FileChannel.open(temporary, options, PRIVATE);
    try {
      if (target.isReplaced()) {
        keep(view.readAttributes());
      }
      return created;
    } catch (IOException e) {
      created.close();
      throw e;
    }
  }

  /** Who may read and write stays as it was. */
  private void keep(PosixFileAttributes replaced) throws IOException {
    PosixFileAttributeView view =
        Files.getFileAttributeView(temporary, PosixFileAttributeView.class);
    PosixFileAttributes own = view.readAttributes();
    try {
      if (!own.group().equals(replaced.group())) {
        view.setGroup(replaced.group());
      }
      if (!own.owner().equals(replaced.owner())) {
        view.setOwner(replaced.owner());
      }
    } catch (IOException e) {
      // only root may give files away; who writes owns the new one then
    }
    view.setPermissions(replaced.permissions());
  }

  /** Where to write, from any position. */
  FileChannel channel() {
    return channel;
  }

  /** Adds bytes at the end of what there is. */
  public void write(byte[] content) throws IOException {
    try {
      for (ByteBuffer bytes = ByteBuffer.wrap(content); bytes.hasRemaining(); ) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw target.unwritable(e);
    }
  }

  /**
   * Puts what was written in the target's place; in one step where the file system can. Nothing can
   * be written afterwards.
   */
  public void commit() throws IOException {
    try {
      if (target.isReplaced()) {
        channel.force(true); // so that a power cut leaves the old or the new
        channel.close();
        replace();
      } else {
        channel.close();
        try (OutputStream out =
            Files.newOutputStream(target.path(), StandardOpenOption.WRITE)) { // it is there
          Files.copy(temporary, out);
        }
      }
    } catch (IOException e) {
      throw target.unwritable(e);
    }
  }

  private void replace() throws IOException {
    try {
      Files.move(temporary, target.path(), StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(temporary, target.path(), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Deletes what has not been committed. */
  @Override
  public void close() throws IOException {
    try {
      if (channel != null) { // could not be opened
        channel.close();
      }
    } finally {
      end();
      try {
        Runtime.getRuntime().removeShutdownHook(deletion);
      } catch (IllegalStateException e) {
        // the JVM is ending and the deletion runs anyway
      }
    }
  }

  private synchronized void end() {
    ended = true;
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      // the failure that led here is the one to report
    }
  }

  /** What is written. */
  @Override
  public String toString() {
    return target.label();
  }
}
