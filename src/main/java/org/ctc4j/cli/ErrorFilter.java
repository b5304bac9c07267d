package org.ctc4j.cli;

/**
 * The process of {@code scripts/ctc} that standard error runs through, a child of this one. Whoever
 * started that script shall find all of standard error there once it has ended.
 */
final class ErrorFilter {
  private static final String PROCESS = "org.ctc4j.cli.filter";

  private ErrorFilter() {}

  /** Nothing can be said on standard error afterwards. */
  static void await() {
    Long process = Long.getLong(PROCESS);
    if (process == null) {
      return;
    }
    System.err.close();
    ProcessHandle.current()
        .children()
        .filter(child -> child.pid() == process)
        .forEach(filter -> filter.onExit().join());
  }
}
