package org.ctc4j.io;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.Inflater;
import java.util.zip.InflaterInputStream;
import java.util.zip.ZipException;

/**
 * A zip file in memory, after PKWARE's APPNOTE. The JDK reads tables of contents of files alone,
 * and there is not always a place for a temporary one; its stream does without the table, and so
 * cannot read what NumPy writes into a pipe.
 */
final class ZipBytes implements Container {
  private static final int LOCAL = 0x04034b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int END = 0x06054b50;
  private static final int LOCAL_BYTES = 30;
  private static final int CENTRAL_BYTES = 46;
  private static final int END_BYTES = 22;
  private static final int LONGEST_COMMENT = 0xffff;
  private static final int ZIP64 = 1; // of extra fields
  private static final int STORED = 0;
  private static final int DEFLATED = 8;
  private static final long IN_EXTRA = 0xffffffffL;

  private final ByteBuffer bytes;
  private final List<Entry> entries = new ArrayList<>();
  private final Map<Entry, Long> offsets = new IdentityHashMap<>();

  /**
   * @throws ZipException if it is none
   */
  ZipBytes(byte[] content) throws ZipException {
    bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    int end = end();
    long length = unsigned(bytes.getInt(end + 12));
    if (length > end) {
      throw new ZipException("the table of contents is longer than what is before its end");
    }
    int at = end - (int) length;
    // what its end says is where it begins, unless something was put before the whole
    long shift = at - unsigned(bytes.getInt(end + 16));
    while (at < end) {
      at = readCentral(at, end, Math.max(0, shift));
    }
  }

  private int end() throws ZipException {
    int least = Math.max(0, bytes.limit() - END_BYTES - LONGEST_COMMENT);
    for (int at = bytes.limit() - END_BYTES; at >= least; at--) {
      int comment = bytes.getShort(at + 20) & 0xffff;
      if (bytes.getInt(at) == END && at + END_BYTES + comment == bytes.limit()) {
        return at;
      }
    }
    throw new ZipException("no end of a table of contents");
  }

  /** Returns where the next entry is. */
  private int readCentral(int at, int end, long shift) throws ZipException {
    if (at + CENTRAL_BYTES > end || bytes.getInt(at) != CENTRAL) {
      throw new ZipException("the table of contents is damaged");
    }
    int flags = bytes.getShort(at + 8);
    int method = bytes.getShort(at + 10) & 0xffff;
    int nameLength = bytes.getShort(at + 28) & 0xffff;
    int extraLength = bytes.getShort(at + 30) & 0xffff;
    int next = at + CENTRAL_BYTES + nameLength + extraLength + (bytes.getShort(at + 32) & 0xffff);
    if (next > end) {
      throw new ZipException("an entry reaches over the end of the table of contents");
    }
    if ((flags & 1) != 0) {
      throw new ZipException("an encrypted entry");
    }
    if (method != STORED && method != DEFLATED) {
      throw new ZipException("an entry of compression method: " + method);
    }
    String name = name(at + CENTRAL_BYTES, nameLength);
    long[] sizes = { // in the order of the extra field
      unsigned(bytes.getInt(at + 24)),
      unsigned(bytes.getInt(at + 20)),
      unsigned(bytes.getInt(at + 42))
    };
    readZip64(at + CENTRAL_BYTES + nameLength, extraLength, sizes);
    long crc = unsigned(bytes.getInt(at + 16));
    Entry entry = new Entry(name, sizes[1], sizes[0], method == STORED, crc);
    entries.add(entry);
    offsets.put(entry, sizes[2] + shift);
    return next;
  }

  private String name(int at, int length) throws ZipException {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(bytes.duplicate().position(at).limit(at + length))
          .toString();
    } catch (CharacterCodingException e) {
      throw new ZipException("an entry whose name is no UTF-8");
    }
  }

  /** Sizes and offset that do not fit 32 bits, or pretend so. */
  private void readZip64(int at, int length, long[] sizes) throws ZipException {
    int end = at + length;
    for (int field = at; field + 4 <= end; ) {
      int from = field + 4;
      int to = from + (bytes.getShort(field + 2) & 0xffff);
      if (to > end) {
        return; // no list of fields; some writers put other things there
      }
      if (bytes.getShort(field) == ZIP64) {
        for (int i = 0; i < sizes.length; i++) {
          if (sizes[i] == IN_EXTRA) {
            if (from + Long.BYTES > to) {
              throw new ZipException("an entry without its zip64 sizes");
            }
            sizes[i] = bytes.getLong(from);
            from += Long.BYTES;
          }
        }
      }
      field = to;
    }
  }

  @Override
  public List<Entry> entries() {
    return entries;
  }

  @Override
  public InputStream stream(Entry entry) throws IOException {
    long local = offsets.get(entry);
    if (local < 0 || local > bytes.limit() - LOCAL_BYTES || bytes.getInt((int) local) != LOCAL) {
      throw new ZipException("its entry is not where the table of contents says");
    }
    int at = (int) local;
    int start =
        at + LOCAL_BYTES + (bytes.getShort(at + 26) & 0xffff) + (bytes.getShort(at + 28) & 0xffff);
    int length = (int) Math.max(0, Math.min(entry.packed(), bytes.limit() - start));
    InputStream packed =
        new ByteArrayInputStream(bytes.array(), Math.min(start, bytes.limit()), length);
    return entry.isStored() ? packed : inflated(packed);
  }

  private static InputStream inflated(InputStream packed) {
    Inflater inflater = new Inflater(true);
    return new InflaterInputStream(packed, inflater) {
      @Override
      public void close() throws IOException {
        super.close();
        inflater.end();
      }
    };
  }

  private static long unsigned(int value) {
    return value & 0xffffffffL;
  }
}
