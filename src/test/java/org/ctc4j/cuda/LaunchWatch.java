package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Of a contract's tests, after {@link OnDevice}: kernels ran, and none of their accesses was out of
 * order. On the emulated driver every access is checked; {@code -Dctc4j.checking=0} leaves that out
 * and takes two thirds of the time.
 */
final class LaunchWatch implements BeforeEachCallback, AfterEachCallback, AfterAllCallback {
  private final AtomicLong launches = new AtomicLong();

  @Override
  public void beforeEach(ExtensionContext context) {
    TestDriver.set("checking", Long.getLong("ctc4j.checking", 1));
  }

  @Override
  public void afterEach(ExtensionContext context) {
    launches.addAndGet(TestDriver.launches(""));
    TestDriver.assertNoFindings();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    assertTrue(
        launches.get() > 0 || !TestDriver.isEmulated(),
        "no kernel was launched: something else computed");
  }
}
