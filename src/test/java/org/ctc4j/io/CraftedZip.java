package org.ctc4j.io;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** A zip file put together by hand, so that what it says need not be true. */
final class CraftedZip {
  static final int STORED = 0;
  static final int DEFLATED = 8;

  /** One entry; the defaults are true, and any may be changed before it is added. */
  static final class Entry {
    byte[] name;
    int flags;
    int method;
    int crc;
    long size;
    long packed;
    boolean zip64;
    byte[] body;

    Entry(String name, int method, byte[] content) {
      this.name = name.getBytes(StandardCharsets.UTF_8);
      this.method = method;
      CRC32 sum = new CRC32();
      sum.update(content);
      crc = (int) sum.getValue();
      size = content.length;
      body = method == DEFLATED ? deflate(content) : content;
      packed = body.length;
    }
  }

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream contents = new ByteArrayOutputStream();
  private int count;

  CraftedZip add(Entry entry) {
    int offset = out.size();
    ByteBuffer extra = littleEndian(20);
    extra.putShort((short) 1).putShort((short) 16).putLong(entry.size).putLong(entry.packed);
    int extraLength = entry.zip64 ? 20 : 0;
    for (boolean central : new boolean[] {false, true}) {
      ByteBuffer header = littleEndian(46);
      if (central) {
        header.putInt(0x02014b50).putShort((short) 45);
      } else {
        header.putInt(0x04034b50);
      }
      header.putShort((short) 45).putShort((short) entry.flags).putShort((short) entry.method);
      header.putInt(0x21 << 16).putInt(entry.crc);
      header.putInt(entry.zip64 ? -1 : (int) entry.packed);
      header.putInt(entry.zip64 ? -1 : (int) entry.size);
      header.putShort((short) entry.name.length).putShort((short) extraLength);
      if (central) {
        header.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
        header.putInt(offset);
      }
      ByteArrayOutputStream to = central ? contents : out;
      to.write(header.array(), 0, header.position());
      to.write(entry.name, 0, entry.name.length);
      to.write(extra.array(), 0, extraLength);
    }
    out.write(entry.body, 0, entry.body.length);
    count++;
    return this;
  }

  byte[] bytes() {
    ByteBuffer end = littleEndian(22);
    end.putInt(0x06054b50).putInt(0).putShort((short) count).putShort((short) count);
    end.putInt(contents.size()).putInt(out.size());
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(out.toByteArray());
    all.writeBytes(contents.toByteArray());
    all.writeBytes(end.array());
    return all.toByteArray();
  }

  /** A zip of one array, named a. */
  static byte[] of(int method, byte[] npy) {
    return new CraftedZip().add(new Entry("a.npy", method, npy)).bytes();
  }

  /** A .npy of version 1.0. */
  static byte[] npy(String header, byte... data) {
    byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer out = littleEndian(10 + text.length + data.length);
    out.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
    return out.putShort((short) text.length).put(text).put(data).array();
  }

  static byte[] npy(String descr, String shape, byte... data) {
    return npy(
        "{'descr': '%s', 'fortran_order': False, 'shape': %s}".formatted(descr, shape), data);
  }

  private static byte[] deflate(byte[] content) {
    Deflater deflater = new Deflater(9, true);
    deflater.setInput(content);
    deflater.finish();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] buffer = new byte[8192];
    while (!deflater.finished()) {
      out.write(buffer, 0, deflater.deflate(buffer));
    }
    deflater.end();
    return out.toByteArray();
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
