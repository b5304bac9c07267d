package org.ctc4j.cli;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * {@code ctc loss} on archives that are sound, of arrays that mostly fit each other: a result, or a
 * refusal in one line that leaves nothing behind.
 */
public final class LossTarget {
  private static final Path INPUT = Scratch.file("in.npz");
  private static final Path OUTPUT = Scratch.file("out.npz");
  private static final String[] FLOATS = {"<f4", "<f8", "<f2", ">f4", "<u2"};
  private static final String[] INTEGERS = {"<i8", "<i4", "|u1", ">i4", "<i2"};
  private static final String[] OTHERS = {"|b1", "<U4", "|O", "<c8", "<f2", "<u8", "<f16"};
  private static final int MOST = 8;

  private LossTarget() {}

  public static void fuzzerTestOneInput(FuzzedDataProvider data) throws IOException {
    Files.write(INPUT, archive(data));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode = Main.run(words(data), new PrintWriter(out), new PrintWriter(err));
    boolean written = Files.deleteIfExists(OUTPUT);
    String all = "exit code %d: %s%s".formatted(exitCode, out, err);
    // notes about arrays that are not used may come before
    String last = err.toString().lines().reduce("", (a, b) -> b);
    boolean refused = !written && out.toString().isEmpty() && last.startsWith("ctc: ");
    if (!(exitCode == 0 && written) && !(exitCode == Main.BAD_INPUT && refused)
        || all.contains("\tat ")) {
      throw new AssertionError(all);
    }
    if (exitCode == 0) {
      try (JsonParser json = new JsonFactory().createParser(out.toString())) {
        while (json.nextToken() != null) {
          json.getText(); // throws where it is none
        }
      }
    }
  }

  private static String[] words(FuzzedDataProvider data) {
    List<String> words = new ArrayList<>(List.of("loss", INPUT.toString(), "--json"));
    words.addAll(List.of("--grad", OUTPUT.toString(), "--threads", "1", "--backend", "cpu"));
    words.addAll(List.of("--reduction", data.pickValue(new String[] {"none", "sum", "mean"})));
    words.addAll(List.of("--layout", data.pickValue(new String[] {"tnc", "ntc"})));
    words.addAll(List.of("--input", data.pickValue(new String[] {"logits", "log_probs", "probs"})));
    words.addAll(List.of("--grad-wrt", data.pickValue(new String[] {"input", "logits"})));
    if (data.consumeBoolean()) {
      words.addAll(List.of("--blank", Integer.toString(data.consumeInt(-1, MOST))));
    }
    if (data.consumeBoolean()) {
      words.add("--zero-infinity");
    }
    if (data.consumeBoolean()) {
      words.add("--bfloat16");
    }
    return words.toArray(new String[0]);
  }

  private static byte[] archive(FuzzedDataProvider data) throws IOException {
    int frames = data.consumeInt(0, MOST);
    int utterances = data.consumeInt(0, 3);
    int classes = data.consumeInt(0, MOST);
    int labels = data.consumeInt(0, 4);
    ByteArrayOutputStream archive = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(archive)) {
      add(zip, "logits", FLOATS, data, frames, utterances, classes);
      if (data.consumeBoolean()) {
        add(zip, "targets", INTEGERS, data, utterances, labels);
      } else {
        add(zip, "targets", INTEGERS, data, utterances * labels);
      }
      add(zip, "target_lengths", INTEGERS, data, utterances);
      add(zip, "input_lengths", INTEGERS, data, utterances);
    }
    return archive.toByteArray();
  }

  /** An array of this shape and one of these types; sometimes none, or another. */
  private static void add(
      ZipOutputStream zip, String name, String[] types, FuzzedDataProvider data, int... extents)
      throws IOException {
    int oddity = data.consumeInt(0, 20);
    if (oddity == 0) {
      return;
    }
    if (oddity == 1 && extents.length > 0) {
      extents[data.consumeInt(0, extents.length - 1)] = data.consumeInt(0, MOST);
    }
    String type = data.pickValue(oddity == 2 ? OTHERS : types);
    StringBuilder shape = new StringBuilder("(");
    int size = 1;
    for (int extent : extents) {
      shape.append(extent).append(',');
      size *= extent;
    }
    shape.append(')');
    String header =
        oddity == 3
            ? data.consumeAsciiString(80)
            : "{'descr': '%s', 'fortran_order': %s, 'shape': %s}"
                .formatted(type, data.consumeBoolean() ? "True" : "False", shape);
    int width = type.equals("|O") ? Long.BYTES : Integer.parseInt(type.substring(2));
    byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
    // small integers come often, as labels and lengths that are possible
    byte[] values =
        Arrays.equals(types, INTEGERS) && data.consumeBoolean()
            ? small(data, type, size, width)
            : Arrays.copyOf(data.consumeBytes(size * width), size * width);
    ByteBuffer npy = ByteBuffer.allocate(10 + text.length).order(ByteOrder.LITTLE_ENDIAN);
    npy.put("\u0093NUMPY\1\0".getBytes(StandardCharsets.ISO_8859_1));
    npy.putShort((short) text.length).put(text);
    zip.putNextEntry(new ZipEntry(name + ".npy"));
    zip.write(npy.array());
    zip.write(values);
  }

  private static byte[] small(FuzzedDataProvider data, String type, int size, int width) {
    byte[] values = new byte[size * width];
    for (int i = 0; i < size; i++) {
      values[i * width + (type.startsWith(">") ? width - 1 : 0)] = (byte) data.consumeInt(0, MOST);
    }
    return values;
  }
}
