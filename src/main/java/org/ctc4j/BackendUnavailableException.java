package org.ctc4j;

/** A backend that was asked for by name cannot be used on this machine; the message says why. */
public class BackendUnavailableException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  private final Backend backend;

  public BackendUnavailableException(Backend backend, String reason) {
    super("the " + backend + " backend cannot be used: " + reason);
    this.backend = backend;
  }

  /** The backend that was asked for. */
  public Backend backend() {
    return backend;
  }
}
