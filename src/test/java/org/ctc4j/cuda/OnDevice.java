package org.ctc4j.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.ctc4j.CudaDevice;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Tests on the emulated driver, as {@link Emulated} ones are, or, with {@code -Dctc4j.gpu=true} in
 * a JVM of its own, unchanged on a GPU and NVIDIA's driver: they fail, then, where there is none.
 * {@code -Dctc4j.gpu=emulated} rehearses that with an emulated libcuda.so.1 on {@code
 * LD_LIBRARY_PATH}. See {@link TestDriver} and scripts/gpu-bundle.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(OnDevice.Driver.class)
@interface OnDevice {
  /** Loads and resets the emulator, or sees that the driver is the one that is asked for. */
  final class Driver implements ExecutionCondition, BeforeAllCallback, BeforeEachCallback {
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      return TestDriver.isEmulated()
          ? new Emulated.Driver().evaluateExecutionCondition(context)
          : ConditionEvaluationResult.enabled(TestDriver.MODE_PROPERTY + " is set");
    }

    @Override
    public void beforeAll(ExtensionContext context) {
      if (TestDriver.isEmulated()) {
        Emulator.reset();
      } else {
        check(TestDriver.mode(), Devices.survey());
      }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
      if (TestDriver.isEmulated()) {
        Emulator.reset();
      }
    }

    /**
     * Fails unless the device that engines take is of the kind that is asked for.
     *
     * @param mode of {@link TestDriver#MODE_PROPERTY}
     */
    static void check(String mode, Devices found) {
      if (!found.reason().isEmpty()) {
        throw new AssertionError("expected a usable device, but " + found.reason());
      }
      CudaDevice first = found.first();
      if (first.name().startsWith(TestDriver.EMULATED_NAME) != mode.equals(TestDriver.REHEARSAL)) {
        throw new AssertionError(
            "-D%s=%s, but the device is %s"
                .formatted(TestDriver.MODE_PROPERTY, mode, first.name()));
      }
    }
  }
}
