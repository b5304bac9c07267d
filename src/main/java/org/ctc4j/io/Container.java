package org.ctc4j.io;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** What holds the arrays of an {@code .npz}. What it says of its entries need not be true. */
interface Container extends Closeable {
  /**
   * An entry as the table of contents has it.
   *
   * @param packed bytes in the container
   * @param size bytes when unpacked
   * @param isStored whether it is not packed
   * @param crc of all of it, or {@link EntryInput#NO_CRC}
   */
  record Entry(String name, long packed, long size, boolean isStored, long crc) {}

  /** In the order of the file. */
  List<Entry> entries();

  /** The bytes of an entry, unpacked; null if there are none. */
  InputStream stream(Entry entry) throws IOException;

  @Override
  default void close() throws IOException {
    // nothing is open
  }
}
