package org.ctc4j.cuda;

import org.ctc4j.CudaCtc;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A stream on device 0 for each test, in a context to allocate in. After a test nothing may be left
 * of what it allocated, and the checks of accesses must have found nothing.
 */
final class DeviceStream implements BeforeEachCallback, AfterEachCallback {
  private PrimaryContext context;
  private Stream stream;

  @Override
  public void beforeEach(ExtensionContext test) {
    CudaCtc.devices(); // starts the driver, should no other class of this JVM have done so
    context = new PrimaryContext(0);
    stream = context.whileCurrent(Stream::new);
  }

  @Override
  public void afterEach(ExtensionContext test) {
    context.whileCurrent(stream::close);
    context.close();
    TestDriver.assertNothingLeft();
    TestDriver.assertNoFindings();
  }

  /** Runs something with the context current to this thread. */
  void whileCurrent(Runnable action) {
    context.whileCurrent(action);
  }

  Stream stream() {
    return stream;
  }

  /** The stream as a call takes it. */
  long address() {
    return StreamAddress.of(stream.handle());
  }
}
