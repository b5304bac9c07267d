package org.ctc4j.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.AclEntry;
import java.nio.file.attribute.AclEntryFlag;
import java.nio.file.attribute.AclEntryPermission;
import java.nio.file.attribute.AclEntryType;
import java.nio.file.attribute.AclFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Which directories code may be loaded from: those whose contents nobody can have put there or
 * exchanged but root and the user that this process runs as.
 */
public final class Trust {
  private static final int ROOT = 0;
  private static final int STICKY =
      01000; // in such a directory all keep their hands off each other
  private static final int GROUP_WRITES = 020;
  private static final int OTHERS_WRITE = 02;

  private Trust() {}

  /**
   * A new directory in the temporary directory, which this user alone can enter.
   *
   * @throws IOException with the reason, if others could put another in its place
   */
  public static Path newDirectory(String prefix) throws IOException {
    if (Platform.HERE.isWindows()) {
      return newWindowsDirectory(prefix);
    }
    Path directory =
        Files.createTempDirectory(
            prefix,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    String objection = objection(directory);
    if (objection.isEmpty() && (int) unix(directory).get("mode") % STICKY != 0700) {
      objection = directory + ": expected permissions rwx------, got " + permissions(directory);
    }
    if (!objection.isEmpty()) {
      Files.delete(directory);
      throw new IOException(objection + "; -Djava.io.tmpdir=DIRECTORY names another place");
    }
    return directory;
  }

  /** What is put into it later can be written by its owner alone. */
  private static Path newWindowsDirectory(String prefix) throws IOException {
    Path directory = Files.createTempDirectory(prefix);
    AclFileAttributeView access = Files.getFileAttributeView(directory, AclFileAttributeView.class);
    AclEntry owner =
        AclEntry.newBuilder()
            .setType(AclEntryType.ALLOW)
            .setPrincipal(access.getOwner())
            .setPermissions(AclEntryPermission.values())
            .setFlags(AclEntryFlag.FILE_INHERIT, AclEntryFlag.DIRECTORY_INHERIT)
            .build();
    access.setAcl(List.of(owner));
    return directory;
  }

  /** Who else can write to a directory or file, or to what it lies in; "" if nobody can. */
  public static String objection(Path directory) throws IOException {
    Path real = directory.toRealPath();
    if (!real.getFileSystem().supportedFileAttributeViews().contains("unix")) {
      return real + ": this system does not tell who can write to it";
    }
    int user = user();
    for (Path path = real; path != null; path = path.getParent()) {
      String objection = objection(path, user, path.equals(real) ? 0 : STICKY);
      if (!objection.isEmpty()) {
        return objection;
      }
    }
    return "";
  }

  /** The same of a directory and all files and directories in it, links and what they lead to. */
  public static String objectionToTree(Path directory) throws IOException {
    String objection = objection(directory);
    if (!objection.isEmpty()) {
      return objection;
    }
    int user = user();
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path path : (Iterable<Path>) tree::iterator) {
        objection = Files.isSymbolicLink(path) ? objection(path) : objection(path, user, 0);
        if (!objection.isEmpty()) {
          return objection;
        }
      }
    }
    return "";
  }

  private static String objection(Path path, int user, int harmless) throws IOException {
    Map<String, Object> unix = unix(path);
    int owner = (int) unix.get("uid");
    if (owner != ROOT && owner != user) {
      return "%s belongs to %s".formatted(path, Files.getOwner(path));
    }
    int mode = (int) unix.get("mode");
    boolean written =
        (mode & OTHERS_WRITE) != 0 || (mode & GROUP_WRITES) != 0 && !isPrivateGroup(path);
    return written && (mode & harmless) == 0
        ? "%s can be written by others, %s".formatted(path, permissions(path))
        : "";
  }

  /** Many systems give each user a group of the same name and let that write. */
  private static boolean isPrivateGroup(Path path) throws IOException {
    PosixFileAttributes posix = Files.readAttributes(path, PosixFileAttributes.class);
    return posix.group().getName().equals(posix.owner().getName());
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static Map<String, Object> unix(Path path) throws IOException {
    return Files.readAttributes(path, "unix:mode,uid");
  }

  /** As whom this process creates files. */
  private static int user() throws IOException {
    Path process = Path.of("/proc/self");
    if (Files.exists(process)) {
      return (int) unix(process).get("uid");
    }
    Path file = Files.createTempFile("ctc4j", null);
    try {
      return (int) unix(file).get("uid");
    } finally {
      Files.delete(file);
    }
  }
}
