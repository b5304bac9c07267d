package org.ctc4j.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.ByteBuffer;
import java.util.IntSummaryStatistics;
import java.util.List;
import org.ctc4j.ElementType;

/**
 * The kernels as PTX, as scripts/build-ptx makes it: each file of them once for every architecture
 * that it was compiled for. So far that is sm_75 for all of them; one that gains from what newer
 * devices have gets another file beside that. And the machine code that scripts/build-cubins makes
 * of it, for some devices: a driver that takes it need not translate.
 */
public final class KernelImages {
  /** Those that a file may be for: 10 · major + minor, the newest first. */
  private static final int[] ARCHITECTURES = {90, 80, 75};

  /** The files, without architecture. */
  static final List<String> FILES =
      List.of(
          "prepare",
          "frames_f64",
          "frames_f32",
          "frames_f16",
          "frames_bf16",
          "frames_probabilities",
          "lattice_p1",
          "lattice_p2",
          "lattice_p4",
          "lattice_split",
          "labels",
          "posteriors",
          "wildcards",
          "offsets",
          "consistency",
          "small_loss",
          "reduce",
          "greedy",
          "beam_search",
          "beam_search_tokens",
          "projection_any",
          "projection_f64",
          "projection_f32",
          "projection_f16",
          "projection_bf16",
          "align_frames",
          "align_wildcards",
          "align_f64",
          "align_f32",
          "align_f16");

  private KernelImages() {}

  /** How files and entry points call an element type. */
  public static String suffix(ElementType type) {
    return switch (type) {
      case FLOAT64 -> "f64";
      case FLOAT32 -> "f32";
      case FLOAT16 -> "f16";
      case BFLOAT16 -> "bf16";
    };
  }

  /** The oldest architecture that there are kernels for. */
  static int oldest() {
    return ARCHITECTURES[ARCHITECTURES.length - 1];
  }

  /**
   * The architecture whose kernels suit a device best: the newest that is not newer than it.
   *
   * @return 0 if the device is too old for all of them
   */
  static int bestFor(String file, int deviceArchitecture) {
    for (int architecture : ARCHITECTURES) {
      if (architecture <= deviceArchitecture && resource(file, architecture, "ptx") != null) {
        return architecture;
      }
    }
    return 0;
  }

  /**
   * The architecture of the newest kernels that a device can run; 0 if it is too old for some of
   * them.
   */
  static int architectureFor(int deviceArchitecture) {
    IntSummaryStatistics best =
        FILES.stream().mapToInt(file -> bestFor(file, deviceArchitecture)).summaryStatistics();
    return best.getMin() == 0 ? 0 : best.getMax();
  }

  /**
   * The PTX for an architecture that {@link #bestFor} gave, terminated by a zero. The buffer is
   * direct: JCuda would hold the garbage collector up for as long as the driver compiles an array.
   */
  static ByteBuffer read(String file, int architecture) {
    byte[] text = read(resource(file, architecture, "ptx"));
    return ByteBuffer.allocateDirect(text.length + 1).put(0, text);
  }

  /**
   * Machine code of a file that a device runs: that of the newest minor version of its own major
   * one that is not newer than it. Null if there is none.
   */
  static byte[] machineCode(String file, int deviceArchitecture) {
    for (int architecture = deviceArchitecture;
        architecture / 10 == deviceArchitecture / 10;
        architecture--) {
      URL resource = resource(file, architecture, "cubin");
      if (resource != null) {
        return read(resource);
      }
    }
    return null;
  }

  private static byte[] read(URL resource) {
    try (InputStream in = resource.openStream()) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static URL resource(String file, int architecture, String kind) {
    return KernelImages.class.getResource(
        "/org/ctc4j/cuda/%s.sm_%d.%s".formatted(file, architecture, kind));
  }
}
