package consumer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.ctc4j.Ctc;
import org.ctc4j.CtcBatch;
import org.ctc4j.FrameTensor;
import org.ctc4j.Targets;
import org.ctc4j.io.NpzFormatException;
import org.ctc4j.io.NpzReader;

/** Losses, and what the library reads files with, from a module. */
public final class Modular {
  private Modular() {}

  public static void main(String[] arguments) throws IOException {
    try (Ctc ctc = Ctc.create()) {
      CtcBatch batch =
          CtcBatch.of(
              FrameTensor.timeMajor(new float[4], 2, 1, 2),
              Targets.of(new int[] {1}),
              new int[] {2});
      System.out.printf("%s %.6f%n", Ctc.class.getModule(), ctc.loss(batch).loss(0));
      System.out.println("cuda: " + Ctc.backends().get(0).reason());
    }
    Path empty = Files.createTempFile("consumer", ".npz");
    try (NpzReader reader = NpzReader.open(empty)) {
      throw new AssertionError(reader);
    } catch (NpzFormatException e) {
      System.out.println("an empty file was refused");
    } finally {
      Files.delete(empty);
    }
  }
}
