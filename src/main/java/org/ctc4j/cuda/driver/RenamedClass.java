package org.ctc4j.cuda.driver;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** The bytes of a class under another name; see chapter 4.4 of the JVM specification. */
final class RenamedClass {
  private static final int UTF8 = 1;
  private static final int LONG = 5;
  private static final int DOUBLE = 6;

  private RenamedClass() {}

  /**
   * @param name in the form {@code a/b/C}
   */
  static byte[] of(Class<?> original, String name) throws IOException {
    String before = original.getName().replace('.', '/');
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (InputStream file = original.getResourceAsStream(original.getSimpleName() + ".class");
        DataInputStream in = new DataInputStream(file);
        DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeLong(in.readLong()); // magic number and version
      int constants = in.readUnsignedShort();
      out.writeShort(constants);
      for (int i = 1; i < constants; i++) {
        int tag = in.readUnsignedByte();
        out.writeByte(tag);
        if (tag == UTF8) {
          out.writeUTF(in.readUTF().replace(before, name));
        } else {
          out.write(in.readNBytes(size(tag)));
        }
        if (tag == LONG || tag == DOUBLE) {
          i++; // they count twice
        }
      }
      in.transferTo(out);
    }
    return bytes.toByteArray();
  }

  /** Bytes of a constant after its tag. */
  private static int size(int tag) {
    return switch (tag) {
      case LONG, DOUBLE -> 8;
      case 3, 4, 9, 10, 11, 12, 17, 18 -> 4; // numbers, members, dynamic ones
      case 15 -> 3; // method handles
      case 7, 8, 16, 19, 20 -> 2; // classes, strings, method types, modules, packages
      default -> throw new IllegalStateException("constant with tag " + tag);
    };
  }
}
