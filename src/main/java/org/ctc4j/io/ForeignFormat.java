package org.ctc4j.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Files of tensors that are none of NumPy's, and the line of Python that makes an npz of them. */
final class ForeignFormat {
  private static final int LONGEST_HEADER = 100_000_000; // of safetensors

  private ForeignFormat() {}

  /**
   * What a file is that is no zip file.
   *
   * @param start the first bytes
   * @return null if it is not known
   */
  static String of(String file, byte[] start, long bytes) {
    if (start.length >= 9 && start[8] == '{') {
      long header = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
      if (header > 1 && header <= Math.min(LONGEST_HEADER, bytes - 8)) {
        return "a safetensors file, expected an .npz; in Python: import numpy, safetensors.numpy;"
            + " numpy.savez(%s, **safetensors.numpy.load_file(%s))"
                .formatted(python(npz(file)), python(file));
      }
    }
    boolean isPickle =
        start.length >= 2 && start[0] == (byte) 0x80 && start[1] >= 2 && start[1] <= 5;
    return isPickle ? torch(file) : null;
  }

  /**
   * What a zip file is.
   *
   * @return null if it is none of PyTorch's
   */
  static String of(String file, List<Container.Entry> entries) {
    boolean isTorch =
        entries.stream()
            .anyMatch(e -> e.name().equals("data.pkl") || e.name().endsWith("/data.pkl"));
    return isTorch ? torch(file) : null;
  }

  private static String torch(String file) {
    return "a file of PyTorch's, expected an .npz; in Python: import numpy, torch;"
        + " x = torch.load(%s, map_location='cpu');".formatted(python(file))
        + " x = x if isinstance(x, dict) else {'logits': x};"
        + " numpy.savez(%s, **{k: v.detach().numpy() for k, v in x.items()})"
            .formatted(python(npz(file)));
  }

  private static String npz(String file) {
    int dot = file.lastIndexOf('.');
    return (dot > file.lastIndexOf('/') + 1 ? file.substring(0, dot) : file) + ".npz";
  }

  /** As a literal. */
  private static String python(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
