package org.ctc4j.io;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An {@code .npy} in the place of an {@code .npz} of one array. */
final class SingleArray implements Container {
  private final Entry entry;
  private final Opening opening;

  /** Begins to read it. */
  private interface Opening {
    InputStream open() throws IOException;
  }

  private SingleArray(String name, long bytes, Opening opening) {
    this.entry = new Entry(name + NpzReader.SUFFIX, bytes, bytes, true, EntryInput.NO_CRC);
    this.opening = opening;
  }

  static SingleArray of(Path file, long bytes, String name) {
    return new SingleArray(name, bytes, () -> new BufferedInputStream(Files.newInputStream(file)));
  }

  static SingleArray of(byte[] content, String name) {
    return new SingleArray(name, content.length, () -> new ByteArrayInputStream(content));
  }

  @Override
  public List<Entry> entries() {
    return List.of(entry);
  }

  @Override
  public InputStream stream(Entry wanted) throws IOException {
    return opening.open();
  }
}
