package org.ctc4j.cuda;

import java.io.File;
import java.io.IOException;
import java.util.Random;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.Ctc;
import org.ctc4j.ElementType;

/**
 * Loads JCuda's libraries in a JVM of its own while another thread makes temporary files, and
 * prints what became of it.
 */
final class LoadingProbe {
  private static volatile boolean done;
  private static volatile String seen = "";

  private LoadingProbe() {}

  public static void main(String[] args) throws InterruptedException {
    Emulator.reset();
    Object before = System.getProperties().clone();
    Thread other = new Thread(() -> makeFiles(System.getProperty("java.io.tmpdir")));
    other.start();
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      ProjectionCase batch =
          ProjectionCase.random(new Random(5), ElementType.FLOAT32, 9, 2, 21, 5, 3);
      ctc.compute(batch.batch(), batch.options(), batch.room());
      System.out.println("computed");
    } catch (BackendUnavailableException e) {
      System.out.println(e.getMessage());
    }
    done = true;
    other.join();
    System.out.println(seen);
    if (!before.equals(System.getProperties())) {
      System.out.println("properties have changed");
    }
  }

  private static void makeFiles(String directory) {
    while (!done) {
      if (!System.getProperty("java.io.tmpdir").equals(directory)) {
        seen = "another thread saw java.io.tmpdir change";
      }
    }
    try {
      File file = File.createTempFile("other", null);
      if (!file.delete() || !file.getParent().equals(directory)) {
        seen = "a temporary file in " + file.getParent();
      }
    } catch (IOException e) {
      seen = "another thread: " + e;
    }
  }
}
