package org.ctc4j.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Bytes that say they are an npy, in an archive that is sound, so that its checksum stops none. */
public final class NpyTarget {
  private NpyTarget() {}

  public static void fuzzerTestOneInput(byte[] bytes) throws IOException {
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(archive)) {
      zip.setLevel(0);
      zip.putNextEntry(new ZipEntry("a.npy"));
      zip.write(bytes);
    }
    NpyArray array;
    try {
      array = ZipTarget.read(archive.toByteArray(), "a");
    } catch (IOException e) {
      ZipTarget.requireOneLine(e);
      return;
    }
    long size = 1;
    for (long extent : array.header().shape()) {
      size *= extent;
    }
    if (array.header().dataBytes() > bytes.length || size > bytes.length) {
      throw new AssertionError("read from %d bytes: %s".formatted(bytes.length, array.header()));
    }
  }
}
