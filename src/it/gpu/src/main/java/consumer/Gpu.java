package consumer;

import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.Ctc;

/** Losses on a GPU, or why not. */
public final class Gpu {
  private Gpu() {}

  public static void main(String[] arguments) {
    try (Ctc ctc = Ctc.create(Backend.CUDA)) {
      System.out.println(ctc.backend());
    } catch (BackendUnavailableException e) {
      System.out.println(e.getMessage());
    }
  }
}
