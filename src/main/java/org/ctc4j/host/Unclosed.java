package org.ctc4j.host;

import java.lang.ref.Cleaner;

/** What is to be given back when its owner is garbage and nobody has closed it. */
public final class Unclosed {
  private static final Cleaner CLEANER = Cleaner.create();

  private Unclosed() {}

  /**
   * @param owner whose end is waited for
   * @param giveBack runs once: when {@link Cleaner.Cleanable#clean} is called, or on a daemon
   *     thread when {@code owner} is garbage; it must not refer to {@code owner}, nor may what it
   *     gives back
   */
  public static Cleaner.Cleanable register(Object owner, Runnable giveBack) {
    return CLEANER.register(owner, giveBack);
  }
}
