package org.ctc4j.cuda;

import java.io.PrintStream;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Tests of what only the emulated driver can show, a fault for example, with a fresh one for each
 * of them. Without a g++ to build it with they are skipped, and say so loudly; where {@code CI} is
 * set they fail instead. Where {@link OnDevice} tests run on a GPU they are none of it.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(Emulated.Driver.class)
public @interface Emulated {
  /** Loads the emulator and resets it before each test. */
  final class Driver implements ExecutionCondition, BeforeAllCallback, BeforeEachCallback {
    private static final boolean POSSIBLE = EmulatorBuild.isPossible();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      if (!TestDriver.isEmulated()) {
        return ConditionEvaluationResult.disabled(
            "needs the emulated driver, and %s=%s asks for another"
                .formatted(TestDriver.MODE_PROPERTY, TestDriver.mode()));
      }
      return decide(POSSIBLE, System.getenv("CI") != null, context.getDisplayName(), System.err);
    }

    /**
     * @param possible whether there is a g++
     * @param ci whether a machine decides by these tests what is merged
     * @param loud where a skipped test says so
     */
    static ConditionEvaluationResult decide(
        boolean possible, boolean ci, String test, PrintStream loud) {
      if (possible) {
        return ConditionEvaluationResult.enabled("there is a g++");
      }
      if (ci) {
        throw new IllegalStateException(
            "CI is set, but there is no g++ to build the emulator with");
      }
      loud.println("\n*** NO g++: " + test + " SKIPPED; the CUDA backend is NOT tested ***\n");
      return ConditionEvaluationResult.disabled("there is no g++ to build the emulator with");
    }

    /** Before anything of the class, sources of arguments too, touches JCuda. */
    @Override
    public void beforeAll(ExtensionContext context) {
      Emulator.reset();
    }

    @Override
    public void beforeEach(ExtensionContext context) {
      Emulator.reset();
    }
  }
}
