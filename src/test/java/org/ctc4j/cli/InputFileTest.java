package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.ctc4j.io.NpzReader;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a batch may come as. */
class InputFileTest {
  @TempDir private Path folder;

  /** One utterance, T = 7, C = 4, and 2, 1, 1 as its target. */
  private static NpzFile one(String shape) {
    float[] logits = new float[7 * 4];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.cos(5 * i);
    }
    return new NpzFile().floats("logits", shape, logits).ints("targets", "(1, 3)", 2, 1, 1);
  }

  private static JsonNode losses(Object... args) throws Exception {
    return Cli.run(args).json().get("losses");
  }

  /** The one array of a file, as numpy.save writes it. */
  private Path npy(NpzFile npz, String array) throws Exception {
    Path file = npz.write(folder.resolve("whole.npz"));
    try (ZipFile zip = new ZipFile(file.toFile());
        InputStream in = zip.getInputStream(zip.getEntry(array + ".npy"))) {
      return Files.write(folder.resolve("array.npy"), in.readAllBytes());
    }
  }

  @Test
  @DisplayName("Arrays may be called otherwise; those that are named must be there")
  void otherNames() throws Exception {
    Path usual = NpzFile.valid().write(folder.resolve("usual.npz"));
    float[] logits = new float[48];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) Math.sin(3 * i + 1);
    }
    Path other =
        new NpzFile()
            .floats("output", "(6, 2, 4)", logits)
            .ints("y", "(2, 2)", 1, 2, 3, 0)
            .ints("x_len", "(2,)", 6, 5)
            .ints("y_len", "(2,)", 2, 1)
            .write(folder.resolve("other.npz"));
    Object[] names = {
      "loss",
      other,
      "--logits",
      "output",
      "--targets",
      "y",
      "--input-lengths",
      "x_len",
      "--target-lengths",
      "y_len",
      "--json"
    };
    Cli run = Cli.run(names);
    assertEquals("", run.err());
    assertEquals(losses("loss", usual, "--json"), run.json().get("losses"));
    String has = ", the file has [output, y, x_len, y_len]; ";
    Cli.run("loss", other).refused("no array 'logits'" + has + "--logits NAME says which");
    Cli two = Cli.run("loss", other, "--logits", "output");
    assertEquals(2, two.exitCode());
    String which = "no array 'targets'" + has + "--targets NAME says which";
    assertTrue(two.err().contains(which), two.err());
    for (String option : List.of("--targets", "--input-lengths", "--target-lengths")) {
      for (String command : List.of("loss", "decode")) {
        Cli missing = Cli.run(command, usual, option, "z");
        assertEquals(2, missing.exitCode());
        assertTrue(missing.err().contains("no array 'z'"), missing.err());
      }
    }
  }

  @ParameterizedTest
  @DisplayName("One (T, C) array is a batch of one utterance; its gradient has its shape")
  @ValueSource(strings = {"tnc", "ntc"})
  void oneUtterance(String layout) throws Exception {
    Path flat = one("(7, 4)").write(folder.resolve("flat.npz"));
    Path cube = one("(7, 1, 4)").write(folder.resolve("cube.npz"));
    Path grad = folder.resolve("grad.npz");
    assertEquals(
        losses("loss", cube, "--json"),
        losses("loss", flat, "--json", "--layout", layout, "--grad", grad));
    try (NpzReader npz = NpzReader.open(grad)) {
      assertEquals("<f4 (7, 4)", npz.header("grad").toString());
    }
    Cli.run("loss", one("(28,)").write(flat)).refused("logits: expected 3 dimensions");
  }

  @Test
  @DisplayName(
      "One utterance's targets may be (L), its lengths numbers; lengths of any may be (N, 1)")
  void unbatched() throws Exception {
    Path file = folder.resolve("x.npz");
    JsonNode expected = losses("loss", one("(7, 1, 4)").write(file), "--json");
    for (String shape : List.of("(7, 4)", "(7, 1, 4)")) {
      NpzFile flat = one(shape).ints("targets", "(3,)", 2, 1, 1);
      assertEquals(expected, losses("loss", flat.write(file), "--json"));
      flat.ints("targets", "(5,)", 2, 1, 1, -1, -1);
      assertEquals(expected, losses("loss", flat.write(file), "--json"));
      flat.ints("targets", "(3,)", 2, 1, 1);
      flat.ints("input_lengths", "()", 7).ints("target_lengths", "()", 3);
      assertEquals(expected, losses("loss", flat.write(file), "--json"));
    }
    JsonNode two = losses("loss", NpzFile.valid().write(file), "--json");
    NpzFile columns = NpzFile.valid().ints("input_lengths", "(2, 1)", 6, 5);
    columns.ints("target_lengths", "(2, 1)", 2, 1);
    assertEquals(two, losses("loss", columns.write(file), "--json"));
  }

  @Test
  @DisplayName("Of arrays without elements NumPy makes float64: no labels are no labels")
  void noLabels() throws Exception {
    Path file = folder.resolve("x.npz");
    NpzFile batch = NpzFile.valid().without("target_lengths").ints("targets", "(2, 0)");
    JsonNode expected = losses("loss", batch.write(file), "--json");
    batch.raw("targets", "<f8", "(2, 0)", new byte[0]);
    assertEquals(expected, losses("loss", batch.write(file), "--json"));
    batch.raw("targets", "<f8", "(0,)", new byte[0]).ints("target_lengths", "(2,)", 0, 0);
    assertEquals(expected, losses("loss", batch.write(file), "--json"));
    batch.raw("targets", "<U1", "(2, 0)", new byte[0]);
    Cli.run("loss", batch.write(file)).refused("'targets'", "expected integers, got dtype '<U1'");
  }

  @Test
  @DisplayName("In Fortran order, too")
  void fortran() throws Exception {
    ByteBuffer data = ByteBuffer.allocate(4 * 28).order(ByteOrder.LITTLE_ENDIAN);
    for (int c = 0; c < 4; c++) {
      for (int t = 0; t < 7; t++) {
        data.putFloat((float) Math.cos(5 * (4 * t + c)));
      }
    }
    NpzFile turned = one("(7, 4)").raw("logits", "<f4", "(7, 4)", true, data.array());
    Path plain = one("(7, 4)").write(folder.resolve("plain.npz"));
    Path file = turned.write(folder.resolve("turned.npz"));
    for (String layout : List.of("tnc", "ntc")) {
      assertEquals(
          losses("loss", plain, "--json"), losses("loss", file, "--json", "--layout", layout));
    }
  }

  @Test
  @DisplayName("Counts that the other axis has are told to be of the other layout")
  void swappedAxes() throws Exception {
    float[] logits = new float[2 * 6 * 4];
    NpzFile batch = NpzFile.valid().floats("logits", "(2, 6, 4)", logits);
    String hint = "; that is what it would be with --layout ntc";
    Path file = batch.write(folder.resolve("swapped.npz"));
    Cli.run("loss", file).refused("input_lengths: expected 6", "got 2" + hint);
    batch.without("input_lengths");
    Cli.run("loss", batch.write(file)).refused("target_lengths: expected 6", "got 2" + hint);
    batch.without("target_lengths").ints("targets", "(2, 1)", 1, 3);
    Cli.run("loss", batch.write(file)).refused("N = 6", "got shape (2, 1)" + hint);
    Cli.run("loss", file, "--layout", "ntc").succeeded();
    Path flat = one("(7, 4)").ints("input_lengths", "(7,)", 1, 1, 1, 1, 1, 1, 1).write(file);
    Cli of = Cli.run("loss", flat);
    of.refused("expected 1, one for each utterance of the logits, got 7");
    assertFalse(of.err().contains("--layout"), "it has no axis of utterances");
  }

  @Test
  @DisplayName("A single .npy is logits if it is said what it holds")
  void singleArray() throws Exception {
    Path npz = one("(7, 4)").without("targets").write(folder.resolve("x.npz"));
    Path npy = npy(one("(7, 4)"), "logits");
    JsonNode expected = Cli.run("decode", npz, "--json").json();
    assertEquals(expected, Cli.run("decode", npy, "--input", "logits", "--json").json());
    Cli.run("decode", npy)
        .refused("array.npy: a single array (.npy)", "expected --input logits", "numpy.savez");
    Cli.run("loss", npy, "--input", "logits")
        .refused("array.npy: no array 'targets', the file has [logits]\n");
    Path texts = Files.writeString(folder.resolve("texts.txt"), "2 1 1\n");
    Cli.run("align", npy, "--input", "scores", "--transcripts", texts).succeeded();
    Files.write(npy, java.util.Arrays.copyOf(Files.readAllBytes(npy), 150));
    Cli.run("decode", npy, "--input", "logits").refused("array 'logits': header says <f4 (7, 4)");
    Files.write(npy, java.util.Arrays.copyOf(Files.readAllBytes(npy), 8));
    Cli.run("decode", npy, "--input", "logits").refused("array 'logits': cut short");
  }

  @Test
  @DisplayName("'-' is standard input: an npz, as NumPy writes it into a pipe, or an npy")
  void standardInput() throws Exception {
    Path npz = one("(7, 4)").write(folder.resolve("x.npz"));
    JsonNode expected = losses("loss", npz, "--json");
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream(Files.readAllBytes(npz)));
      assertEquals(expected, losses("loss", "-", "--json"));
      System.setIn(new ByteArrayInputStream(Files.readAllBytes(npy(one("(7, 4)"), "logits"))));
      Cli.run("decode", "-").refused("standard input: a single array (.npy)");
      System.setIn(new ByteArrayInputStream(Files.readAllBytes(npy(one("(7, 4)"), "logits"))));
      Cli.run("decode", "-", "--input", "logits").succeeded();
      System.setIn(new ByteArrayInputStream(new byte[0]));
      Cli.run("decode", "-").refused("standard input: not a zip file");
    } finally {
      System.setIn(before);
    }
  }

  @ParameterizedTest
  @DisplayName("Targets may be padded by -1 or -100 instead of having lengths")
  @ValueSource(ints = {-1, -100})
  void padding(int pad) throws Exception {
    NpzFile batch = NpzFile.valid();
    JsonNode expected = losses("loss", batch.write(folder.resolve("a.npz")), "--json");
    batch.without("target_lengths").ints("targets", "(2, 2)", 1, 2, 3, pad);
    assertEquals(expected, losses("loss", batch.write(folder.resolve("b.npz")), "--json"));
    JsonNode decoded = Cli.run("decode", folder.resolve("b.npz"), "--json").json();
    assertEquals(3, decoded.at("/errors/label/total").asInt());
    batch.ints("targets", "(2, 3)", 1, pad, 2, 3, pad, pad);
    Cli.run("loss", batch.write(folder.resolve("c.npz")))
        .refused("utterance 0 has label " + pad + " at position 1");
    batch.ints("targets", "(2, 2)", pad, pad, 3, pad);
    assertFalse(losses("loss", batch.write(folder.resolve("d.npz")), "--json").isEmpty());
  }

  @Test
  @DisplayName("Files of PyTorch and safetensors are refused with the Python that converts them")
  void foreignFiles() throws Exception {
    ByteArrayOutputStream torch = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(torch)) {
      for (String entry : List.of("it's/data.pkl", "it's/data/0", "it's/version")) {
        zip.putNextEntry(new ZipEntry(entry));
        zip.write(3);
      }
    }
    Path file = Files.write(folder.resolve("it's.pt"), torch.toByteArray());
    String quoted = "'" + folder + "/it\\'s";
    String[] load = {
      "a file of PyTorch's", "torch.load(" + quoted + ".pt'", "numpy.savez(" + quoted + ".npz'"
    };
    Cli.run("decode", file).refused(load);
    Files.write(file, new byte[] {(byte) 0x80, 2, (byte) 0x8a, 10, 'l', (byte) 0xfc, 0, 0, 0});
    Cli.run("decode", file).refused(load);
    byte[] header = "{\"x\":{\"dtype\":\"F32\"}}".getBytes(StandardCharsets.US_ASCII);
    ByteBuffer tensors = ByteBuffer.allocate(8 + header.length + 4).order(ByteOrder.LITTLE_ENDIAN);
    tensors.putLong(header.length).put(header).putFloat(1);
    Path safe = Files.write(folder.resolve("x.safetensors"), tensors.array());
    Cli.run("decode", safe)
        .refused(
            "a safetensors file",
            "numpy.savez('" + folder + "/x.npz', **safetensors.numpy.load_file('" + safe + "'))");
    tensors.putLong(0, 1 << 20);
    Cli.run("decode", Files.write(safe, tensors.array())).refused("not a zip file");
  }
}
