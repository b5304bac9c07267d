package org.ctc4j.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;

/**
 * Writes a zip file entry by entry. Unlike {@link java.util.zip.ZipOutputStream} it can store an
 * entry whose checksum is not known when it begins: the entry's header is written again when it
 * ends. Every local header has room for zip64 sizes, as those that NumPy writes do; the table of
 * contents uses zip64 only where it must.
 */
final class ZipOutput implements Closeable {
  private static final int LOCAL_HEADER = 0x04034b50;
  private static final int CENTRAL_HEADER = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int END64 = 0x06064b50;
  private static final int END64_LOCATOR = 0x07064b50;

  private static final short ZIP64 = 1; // tag of the extra field
  private static final int SIZES_EXTRA = 4 + 2 * Long.BYTES;
  private static final int SIZES_AND_OFFSET_EXTRA = 4 + 3 * Long.BYTES;
  private static final long LIMIT32 = 0xffffffffL;
  private static final int LIMIT16 = 0xffff;

  private static final short VERSION = 45; // the first with zip64
  private static final short MADE_BY = 3 << 8 | VERSION; // Unix: names as they are, and file modes
  private static final int ATTRIBUTES = 0100644 << 16; // a regular file, rw-r--r--
  private static final short NAMES_ARE_UTF8 = 1 << 11;
  private static final int TIMESTAMP = 0x0021 << 16; // 1980-01-01 00:00, the earliest there is

  /** One entry; sizes and checksum are known once it has ended. */
  private static final class Entry {
    final byte[] name;
    final long offset;
    long packed;
    long size;
    int crc;

    Entry(byte[] name, long offset) {
      this.name = name;
      this.offset = offset;
    }
  }

  private final FileChannel channel;
  private final Deflater deflater; // null if entries are stored
  private final ByteBuffer deflated = ByteBuffer.allocate(1 << 16);
  private final CRC32 crc = new CRC32();
  private final List<Entry> entries = new ArrayList<>();
  private Entry current;

  ZipOutput(FileChannel channel, boolean deflate) {
    this.channel = channel;
    this.deflater = deflate ? new Deflater(Deflater.DEFAULT_COMPRESSION, true) : null;
  }

  void begin(byte[] name) throws IOException {
    current = new Entry(name, channel.position());
    crc.reset();
    if (deflater != null) {
      deflater.reset();
    }
    writeFully(localHeader(current));
  }

  /** Adds what remains in the buffer to the entry; where that leaves its position is open. */
  void write(ByteBuffer data) throws IOException {
    current.size += data.remaining();
    crc.update(data.duplicate());
    if (deflater == null) {
      current.packed += data.remaining();
      writeFully(data);
    } else {
      deflater.setInput(data.duplicate()); // it keeps the buffer, which the caller fills again
      while (!deflater.needsInput()) {
        writeDeflated();
      }
    }
  }

  void end() throws IOException {
    if (deflater != null) {
      deflater.finish();
      while (!deflater.finished()) {
        writeDeflated();
      }
    }
    current.crc = (int) crc.getValue();
    ByteBuffer header = localHeader(current);
    for (long position = current.offset; header.hasRemaining(); ) {
      position += channel.write(header, position);
    }
    entries.add(current);
    current = null;
  }

  /** Writes the table of contents. */
  void finish() throws IOException {
    long start = channel.position();
    for (Entry entry : entries) {
      writeFully(centralHeader(entry));
    }
    writeFully(end(start, channel.position() - start));
  }

  private void writeDeflated() throws IOException {
    deflated.clear();
    deflater.deflate(deflated);
    deflated.flip();
    current.packed += deflated.remaining();
    writeFully(deflated);
  }

  private void writeFully(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private ByteBuffer localHeader(Entry entry) {
    ByteBuffer out = littleEndian(30 + entry.name.length + SIZES_EXTRA);
    out.putInt(LOCAL_HEADER);
    putCommon(out, entry, true, SIZES_EXTRA);
    out.put(entry.name);
    out.putShort(ZIP64).putShort((short) (2 * Long.BYTES));
    out.putLong(entry.size).putLong(entry.packed);
    return out.flip();
  }

  private ByteBuffer centralHeader(Entry entry) {
    boolean large = Math.max(entry.offset, Math.max(entry.packed, entry.size)) >= LIMIT32;
    int extra = large ? SIZES_AND_OFFSET_EXTRA : 0;
    ByteBuffer out = littleEndian(46 + entry.name.length + extra);
    out.putInt(CENTRAL_HEADER).putShort(MADE_BY);
    putCommon(out, entry, large, extra);
    out.putShort((short) 0); // length of the comment
    out.putShort((short) 0).putShort((short) 0); // disk and internal attributes
    out.putInt(ATTRIBUTES);
    out.putInt(large ? (int) LIMIT32 : (int) entry.offset);
    out.put(entry.name);
    if (large) {
      out.putShort(ZIP64).putShort((short) (3 * Long.BYTES));
      out.putLong(entry.size).putLong(entry.packed).putLong(entry.offset);
    }
    return out.flip();
  }

  /** What both headers of an entry have. */
  private void putCommon(ByteBuffer out, Entry entry, boolean sizesInExtra, int extra) {
    out.putShort(VERSION).putShort(NAMES_ARE_UTF8);
    out.putShort((short) (deflater == null ? ZipEntry.STORED : ZipEntry.DEFLATED));
    out.putInt(TIMESTAMP);
    out.putInt(entry.crc);
    out.putInt(sizesInExtra ? (int) LIMIT32 : (int) entry.packed);
    out.putInt(sizesInExtra ? (int) LIMIT32 : (int) entry.size);
    out.putShort((short) entry.name.length);
    out.putShort((short) extra);
  }

  private ByteBuffer end(long start, long length) {
    ByteBuffer out = littleEndian(56 + 20 + 22);
    boolean large = entries.size() >= LIMIT16 || start + length >= LIMIT32;
    if (large) {
      out.putInt(END64).putLong(56 - 12); // bytes after this number
      out.putShort(VERSION).putShort(VERSION);
      out.putInt(0).putInt(0); // disks
      out.putLong(entries.size()).putLong(entries.size());
      out.putLong(length).putLong(start);
      out.putInt(END64_LOCATOR).putInt(0).putLong(start + length).putInt(1);
    }
    short count = (short) (large ? LIMIT16 : entries.size());
    out.putInt(END).putShort((short) 0).putShort((short) 0);
    out.putShort(count).putShort(count);
    out.putInt(large ? (int) LIMIT32 : (int) length);
    out.putInt(large ? (int) LIMIT32 : (int) start);
    out.putShort((short) 0); // length of the comment
    return out.flip();
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The channel stays open. */
  @Override
  public void close() {
    if (deflater != null) {
      deflater.end();
    }
  }
}
