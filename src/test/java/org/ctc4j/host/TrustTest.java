package org.ctc4j.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which directories code may be loaded from. */
class TrustTest {
  @TempDir Path outer;
  private Path inner;

  @BeforeEach
  void make() throws IOException {
    assumeTrue(outer.getFileSystem().supportedFileAttributeViews().contains("unix"));
    inner = Files.createDirectory(outer.resolve("inner"));
    set(outer, 0755);
    set(inner, 0755);
  }

  private static void set(Path path, int mode) throws IOException {
    Files.setAttribute(path, "unix:mode", mode);
  }

  @Test
  @DisplayName("One that others may read, not write, in one that is the same: no objection")
  void fine() throws IOException {
    assertEquals("", Trust.objection(inner));
  }

  @Test
  @DisplayName("Others can write to it, or to one that it lies in, unless that is sticky: told")
  void written() throws IOException {
    set(inner, 0757);
    assertEquals(
        inner.toRealPath() + " can be written by others, rwxr-xrwx", Trust.objection(inner));
    set(inner, 01777);
    assertTrue(Trust.objection(inner).startsWith(inner.toRealPath() + " can be written by others"));
    set(inner, 0755);
    set(outer, 0777);
    assertTrue(Trust.objection(inner).startsWith(outer.toRealPath() + " can be written by others"));
    set(outer, 01777);
    assertEquals("", Trust.objection(inner));
  }

  @Test
  @DisplayName("A group can write to it: told, unless it is the group of that user alone")
  void group() throws IOException {
    set(inner, 0775);
    Object owner = Files.getOwner(inner).getName();
    Object group = Files.getAttribute(inner, "posix:group");
    assumeTrue(owner.equals(group.toString()));
    assertEquals("", Trust.objection(inner));
    assumeTrue(owner.equals("root"), "only root can give files away");
    Files.setAttribute(inner, "unix:gid", 4321);
    assertTrue(Trust.objection(inner).contains("can be written by others, rwxrwxr-x"));
  }

  @Test
  @DisplayName("It, or one that it lies in, belongs to somebody else: told")
  void foreign() throws IOException {
    assumeTrue(Files.getOwner(inner).getName().equals("root"), "only root can give files away");
    Files.setAttribute(outer, "unix:uid", 4321);
    assertEquals(outer.toRealPath() + " belongs to 4321", Trust.objection(inner));
  }

  @Test
  @DisplayName("A link is judged by what it leads to")
  void link() throws IOException {
    set(inner, 0777);
    Path link = Files.createSymbolicLink(outer.resolve("link"), inner);
    assertTrue(Trust.objection(link).startsWith(inner.toRealPath() + " can be written by others"));
  }

  @Test
  @DisplayName("A new directory is its owner's alone")
  void newDirectory() throws IOException {
    Path directory = Trust.newDirectory("ctc4j-test");
    try {
      assertEquals(
          "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
    } finally {
      Files.delete(directory);
    }
  }
}
