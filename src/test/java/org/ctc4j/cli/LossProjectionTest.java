package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.ctc4j.io.NpzReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ctc loss --projection}: T = 6, N = 2, D = 3, C = 4. */
class LossProjectionTest {
  private static final int CLASSES = 4;
  private static final int DIMENSIONS = 3;
  private static final float[] HIDDEN = numbers(6 * 2 * DIMENSIONS, 3);
  private static final float[] WEIGHT = numbers(CLASSES * DIMENSIONS, 5);
  private static final float[] BIAS = numbers(CLASSES, 7);

  @TempDir private Path folder;

  private static float[] numbers(int count, int step) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) Math.sin(step * i + 1);
    }
    return numbers;
  }

  private static NpzFile hidden() {
    return NpzFile.valid().without("logits").floats("hidden", "(6, 2, 3)", HIDDEN);
  }

  private static NpzFile projection() {
    return new NpzFile().floats("weight", "(4, 3)", WEIGHT).floats("bias", "(4,)", BIAS);
  }

  private Path write(NpzFile file, String name) throws Exception {
    return file.write(folder.resolve(name));
  }

  private Cli loss(NpzFile hidden, NpzFile projection, Object... more) throws Exception {
    Object[] words = new Object[4 + more.length];
    words[0] = "loss";
    words[1] = write(hidden, "hidden.npz");
    words[2] = "--projection";
    words[3] = write(projection, "projection.npz");
    System.arraycopy(more, 0, words, 4, more.length);
    return Cli.run(words);
  }

  private static double[] values(JsonNode array) {
    double[] values = new double[array.size()];
    Arrays.setAll(values, i -> array.get(i).asDouble());
    return values;
  }

  private double[] unfused() throws Exception {
    float[] logits = new float[6 * 2 * CLASSES];
    for (int row = 0; row < 12; row++) {
      for (int c = 0; c < CLASSES; c++) {
        double sum = BIAS[c];
        for (int d = 0; d < DIMENSIONS; d++) {
          sum += (double) HIDDEN[row * DIMENSIONS + d] * WEIGHT[c * DIMENSIONS + d];
        }
        logits[row * CLASSES + c] = (float) sum;
      }
    }
    Path file = write(NpzFile.valid().floats("logits", "(6, 2, 4)", logits), "logits.npz");
    return values(Cli.run("loss", file, "--backend", "reference", "--json").json().get("losses"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "reference"})
  void theLossesOfTheLogitsThatItMakes(String backend) throws Exception {
    JsonNode json = loss(hidden(), projection(), "--backend", backend, "--json").json();
    assertArrayEquals(unfused(), values(json.get("losses")), 1e-5);
    assertEquals(backend.equals("cpu"), json.get("device").asText().contains("matrix products by"));
    String table = loss(hidden(), projection(), "--backend", backend).succeeded().out();
    assertEquals(4, table.lines().count(), table);
  }

  @Test
  void fortranOrderIsTheSameWeight() throws Exception {
    float[] turned = new float[WEIGHT.length];
    for (int c = 0; c < CLASSES; c++) {
      for (int d = 0; d < DIMENSIONS; d++) {
        turned[d * CLASSES + c] = WEIGHT[c * DIMENSIONS + d];
      }
    }
    java.nio.ByteBuffer data =
        java.nio.ByteBuffer.allocate(4 * turned.length).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    data.asFloatBuffer().put(turned);
    NpzFile fortran = projection().raw("weight", "<f4", "(4, 3)", true, data.array());
    assertArrayEquals(
        values(loss(hidden(), projection(), "--json").json().get("losses")),
        values(loss(hidden(), fortran, "--json").json().get("losses")));
  }

  @ParameterizedTest
  @CsvSource({"cpu, tnc, '<f4'", "cpu, ntc, '<f4'", "reference, tnc, '<f8'"})
  void gradientsGoToTheFile(String backend, String layout, String dtype) throws Exception {
    Path out = folder.resolve("out.npz");
    NpzFile hidden = hidden();
    if (layout.equals("ntc")) {
      hidden.floats("hidden", "(2, 6, 3)", HIDDEN);
    }
    loss(hidden, projection(), "--backend", backend, "--layout", layout, "--grad", out).succeeded();
    try (NpzReader npz = NpzReader.open(out)) {
      assertEquals(List.of("grad_hidden", "grad_weight", "grad_bias", "losses"), npz.names());
      long[] shape = layout.equals("ntc") ? new long[] {2, 6, 3} : new long[] {6, 2, 3};
      assertArrayEquals(shape, npz.header("grad_hidden").shape());
      assertArrayEquals(new long[] {4, 3}, npz.header("grad_weight").shape());
      assertArrayEquals(new long[] {4}, npz.header("grad_bias").shape());
      for (String name : List.of("grad_hidden", "grad_weight", "grad_bias")) {
        assertEquals(dtype, npz.header(name).dtype());
      }
      assertEquals("<f8", npz.header("losses").dtype());
      if (dtype.equals("<f8")) {
        double[] bias = npz.read("grad_bias").doubles();
        assertEquals(0, Arrays.stream(bias).sum(), 1e-12); // softmax and posterior both add up to 1
        assertTrue(Arrays.stream(bias).map(Math::abs).sum() > 0.1);
      }
    }
    loss(hidden(), projection().without("bias"), "--grad", out).succeeded();
    try (NpzReader npz = NpzReader.open(out)) {
      assertEquals(List.of("grad_hidden", "grad_weight", "losses"), npz.names());
    }
  }

  @Test
  void whatIsWrongIsRefusedAndNoFileIsLeft() throws Exception {
    refused(hidden().without("hidden"), projection(), "hidden");
    refused(hidden(), projection().without("weight"), "weight");
    refused(
        hidden(),
        projection().floats("weight", "(4, 2)", new float[8]),
        "hidden: expected 2 dimensions, as the weight (C, D) has, got 3");
    refused(
        hidden(),
        projection().floats("weight", "(12,)", WEIGHT),
        "weight: expected 2 dimensions, (C, D), got shape (12)");
    refused(
        hidden(),
        projection().floats("weight", "(4, 0)"),
        "weight: expected every dimension to be at most 2147483639 and D at least 1");
    refused(
        hidden(),
        projection().floats("bias", "(3,)", 0, 0, 0),
        "bias: expected 4 elements, one for each class, got 3");
    refused(
        hidden(),
        projection().raw("weight", "<f8", "(4, 3)", new byte[96]),
        "bias: expected the weight's element type, FLOAT64, got FLOAT32");
    refused(
        hidden(),
        new NpzFile().raw("weight", "<f8", "(4, 3)", new byte[96]),
        "weight: expected the element type of hidden, FLOAT32, got FLOAT64");
    refused(
        hidden(),
        projection().ints("weight", "(4, 3)", new int[12]),
        "weight: expected dtype f2, f4 or f8, got '<i4'");
    float[] nan = WEIGHT.clone();
    nan[7] = Float.NaN;
    refused(
        hidden(),
        projection().floats("weight", "(4, 3)", nan),
        "projection.npz: weight: class 2 has NaN at dimension 1, expected a finite number");
    float[] nanHidden = HIDDEN.clone();
    nanHidden[4] = Float.NaN;
    refused(
        hidden().floats("hidden", "(6, 2, 3)", nanHidden),
        projection(),
        "hidden: utterance 1 has NaN at frame 0, dimension 1");
    refused(
        hidden().ints("targets", "(2, 2)", 1, 4, 3, 0),
        projection(),
        "targets: utterance 0 has label 4 at position 1, expected a class in [0, 4)");
    refused(
        hidden(),
        projection(),
        List.of("--input", "log_probs"),
        "input: a projection gives logits, expected LOGITS, got LOG_PROBS");
    refused(hidden(), projection(), List.of("--grad-wrt", "logits"), "--grad-wrt");
    refused(hidden(), projection(), List.of("--blank", "4"), "blank: expected a class index");
  }

  private void refused(NpzFile hidden, NpzFile projection, String part) throws Exception {
    refused(hidden, projection, List.of(), part);
  }

  private void refused(NpzFile hidden, NpzFile projection, List<String> more, String part)
      throws Exception {
    Path out = folder.resolve("none.npz");
    Object[] words = new Object[more.size() + 2];
    System.arraycopy(more.toArray(), 0, words, 0, more.size());
    words[more.size()] = "--grad";
    words[more.size() + 1] = out;
    loss(hidden, projection, words).refused(part);
    assertFalse(Files.exists(out), "an output file was left behind");
    try (var files = Files.list(folder)) {
      assertFalse(files.anyMatch(file -> file.toString().endsWith(".tmp")), "a temporary file");
    }
  }
}
