package org.ctc4j.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes npz files byte by byte, bad ones too. */
final class NpzFile {
  private final Map<String, byte[]> arrays = new LinkedHashMap<>();

  /** Two utterances, T = 6, C = 4, targets "1 2" and "3". */
  static NpzFile valid() {
    float[] logits = new float[6 * 2 * 4];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.sin(3 * i + 1);
    }
    return new NpzFile()
        .floats("logits", "(6, 2, 4)", logits)
        .ints("targets", "(2, 2)", 1, 2, 3, 0)
        .ints("input_lengths", "(2,)", 6, 5)
        .ints("target_lengths", "(2,)", 2, 1);
  }

  NpzFile floats(String name, String shape, float... values) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(values);
    return raw(name, "<f4", shape, data.array());
  }

  NpzFile ints(String name, String shape, int... values) {
    ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    data.asIntBuffer().put(values);
    return raw(name, "<i4", shape, data.array());
  }

  NpzFile raw(String name, String dtype, String shape, byte[] data) {
    return raw(name, dtype, shape, false, data);
  }

  NpzFile raw(String name, String dtype, String shape, boolean fortran, byte[] data) {
    String header =
        "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }"
            .formatted(dtype, fortran ? "True" : "False", shape);
    int padding = 64 - (10 + header.length() + 1) % 64;
    byte[] text = (header + " ".repeat(padding) + "\n").getBytes(StandardCharsets.US_ASCII);
    ByteBuffer npy =
        ByteBuffer.allocate(10 + text.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    npy.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII)).put((byte) 1);
    npy.put((byte) 0).putShort((short) text.length).put(text).put(data);
    arrays.put(name, npy.array());
    return this;
  }

  NpzFile without(String name) {
    arrays.remove(name);
    return this;
  }

  byte[] bytes() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> array : arrays.entrySet()) {
        ZipEntry entry = new ZipEntry(array.getKey() + ".npy");
        entry.setTimeLocal(LocalDateTime.of(2000, 1, 1, 0, 0)); // equal arrays make equal files
        zip.putNextEntry(entry);
        zip.write(array.getValue());
      }
    }
    return bytes.toByteArray();
  }

  Path write(Path file) throws IOException {
    return Files.write(file, bytes());
  }
}
