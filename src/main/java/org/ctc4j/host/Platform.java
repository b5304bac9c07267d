package org.ctc4j.host;

import java.util.Locale;

/**
 * An operating system and a processor, by the names that the JDK has for them.
 *
 * @param system "Linux", "Windows 11" or "Mac OS X" for example
 * @param architecture "amd64" or "aarch64" for example
 */
public record Platform(String system, String architecture) {
  /** That of this JVM. */
  public static final Platform HERE =
      new Platform(System.getProperty("os.name"), System.getProperty("os.arch"));

  public boolean isLinux() {
    return system.equals("Linux");
  }

  public boolean isWindows() {
    return system.startsWith("Windows");
  }

  public boolean isMac() {
    return system.startsWith("Mac");
  }

  /** Whether the processor is one of the x86 family with 64 bits. */
  public boolean isX86() {
    return architecture.equals("amd64") || architecture.equals("x86_64");
  }

  /** How artifacts with native libraries are classified, "linux-x86_64" for example. */
  public String classifier() {
    String name = isWindows() ? "windows" : isMac() ? "macosx" : system.toLowerCase(Locale.ROOT);
    return name
        + "-"
        + (isX86() ? "x86_64" : architecture.equals("aarch64") ? "arm64" : architecture);
  }

  @Override
  public String toString() {
    return system + " on " + architecture;
  }
}
