package org.ctc4j;

import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/**
 * Where the random numbers of a test class begin: {@code -Dctc4j.seed=N} if given, to replay; where
 * the environment variable CI is set, the {@link String#hashCode} of the class's name, so that a
 * change is judged by what the one before it was judged by; else drawn. Printed once a class, and
 * part of the message of every failure (JUnit finds this class in META-INF/services).
 */
public final class Seed implements TestExecutionExceptionHandler {
  private static final String PROPERTY = "ctc4j.seed";
  private static final Map<Class<?>, Long> OF_CLASS = new ConcurrentHashMap<>();

  /** The same throughout the JVM, so that every test of a class is replayed by itself. */
  public static long of(Class<?> test) {
    return OF_CLASS.computeIfAbsent(
        test,
        type -> {
          long seed = choose(type, Long.getLong(PROPERTY), System.getenv("CI") != null);
          System.out.println(type.getSimpleName() + ": -D" + PROPERTY + "=" + seed);
          return seed;
        });
  }

  public static Random random(Class<?> test) {
    return new Random(of(test));
  }

  static long choose(Class<?> test, Long given, boolean isFixed) {
    if (given != null) {
      return given;
    }
    return isFixed
        ? test.getName().hashCode()
        : ThreadLocalRandom.current().nextInt(1, 1_000_000_000);
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    Long seed = OF_CLASS.get(context.getRequiredTestClass());
    String message = String.valueOf(failure.getMessage());
    // a loop over seeds names the one that failed
    if (seed == null || failure instanceof TestAbortedException || message.contains(PROPERTY)) {
      throw failure;
    }
    throw new AssertionFailedError(message + " [-D" + PROPERTY + "=" + seed + "]", failure);
  }
}
