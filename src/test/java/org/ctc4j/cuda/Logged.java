package org.ctc4j.cuda;

import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/** What the library logs, from construction to close. */
final class Logged implements AutoCloseable {
  private final StringBuilder text = new StringBuilder();
  private final Logger logger = Logger.getLogger("org.ctc4j");
  private final Handler handler =
      new Handler() {
        @Override
        public void publish(LogRecord record) {
          text.append(record.getMessage()).append('\n');
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  Logged() {
    logger.addHandler(handler);
  }

  String text() {
    return text.toString();
  }

  @Override
  public void close() {
    logger.removeHandler(handler);
  }
}
