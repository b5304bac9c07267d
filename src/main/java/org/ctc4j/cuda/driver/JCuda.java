package org.ctc4j.cuda.driver;

import org.ctc4j.host.OptionalLibrary;
import org.ctc4j.host.Platform;

/**
 * Whether JCuda can be here at all. To be asked before anything else of this package, and of those
 * above it, is used: all else mentions JCuda's types, and cannot be loaded without them.
 */
public final class JCuda {
  private JCuda() {}

  /** "" if its classes are here; else why not, and what to add if that would help. */
  public static String absence() {
    String objection = objection(Platform.HERE);
    return objection.isEmpty() ? OptionalLibrary.JCUDA.absence() : objection;
  }

  /** "" if there are native libraries of JCuda for a platform. */
  static String objection(Platform platform) {
    if (platform.isMac()) {
      return "there is no NVIDIA driver for macOS";
    }
    boolean packed = platform.isX86() && (platform.isLinux() || platform.isWindows());
    return packed
        ? ""
        : "JCuda has no native library for %s, only for Linux and Windows on x86_64"
            .formatted(platform);
  }
}
