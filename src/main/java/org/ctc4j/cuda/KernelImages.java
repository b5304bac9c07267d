package org.ctc4j.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.ByteBuffer;

/**
 * The kernels as PTX, as scripts/build-ptx makes it: each file of them once for every architecture
 * that it was compiled for. So far that is sm_75 for all of them; one that gains from what newer
 * devices have gets another file beside that.
 */
final class KernelImages {
  /** Those that a file may be for: 10 · major + minor, the newest first. */
  private static final int[] ARCHITECTURES = {90, 80, 75};

  private KernelImages() {}

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
      if (architecture <= deviceArchitecture && resource(file, architecture) != null) {
        return architecture;
      }
    }
    return 0;
  }

  /**
   * The PTX for an architecture that {@link #bestFor} gave, terminated by a zero. The buffer is
   * direct: JCuda would hold the garbage collector up for as long as the driver compiles an array.
   */
  static ByteBuffer read(String file, int architecture) {
    try (InputStream in = resource(file, architecture).openStream()) {
      byte[] text = in.readAllBytes();
      return ByteBuffer.allocateDirect(text.length + 1).put(0, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static URL resource(String file, int architecture) {
    return KernelImages.class.getResource("%s.sm_%d.ptx".formatted(file, architecture));
  }
}
