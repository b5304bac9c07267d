package org.ctc4j.cuda;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Tests on the emulated driver, fresh for each of them. Without a g++ to build it with they are
 * skipped, and say so loudly; where {@code CI} is set they fail instead.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(Emulated.Driver.class)
@interface Emulated {
  /** Loads the emulator and resets it before each test. */
  final class Driver implements ExecutionCondition, BeforeEachCallback {
    private static final boolean POSSIBLE = EmulatorBuild.isPossible();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      if (POSSIBLE) {
        return ConditionEvaluationResult.enabled("there is a g++");
      }
      if (System.getenv("CI") != null) {
        throw new IllegalStateException(
            "CI is set, but there is no g++ to build the emulator with");
      }
      System.err.println(
          "\n*** NO g++: "
              + context.getDisplayName()
              + " SKIPPED; the CUDA backend is NOT tested ***\n");
      return ConditionEvaluationResult.disabled("there is no g++ to build the emulator with");
    }

    @Override
    public void beforeEach(ExtensionContext context) {
      Emulator.reset();
    }
  }
}
