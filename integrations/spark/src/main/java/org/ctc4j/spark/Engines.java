package org.ctc4j.spark;

import java.util.HashMap;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.ctc4j.Backend;
import org.ctc4j.BackendUnavailableException;
import org.ctc4j.DeviceException;
import org.ctc4j.InvalidInputException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engines of an executor: one for each backend and device, made when a task first needs it,
 * shared by all tasks whether they succeed or fail, and closed with the executor: when its process
 * ends, or, where it is the driver's own, when the application does.
 */
final class Engines {
  private static final Logger LOGGER = LoggerFactory.getLogger(Engines.class);
  private static final String GPU = "gpu";
  private static final String DRIVER = "driver";

  private static final ReadWriteLock CALLS = new ReentrantReadWriteLock(); // write: no call runs
  private static final Map<Engine.Key, Engine> OPEN = new HashMap<>(); // guarded by itself
  private static final Map<SparkContext, Boolean> HEARD = new WeakHashMap<>(); // guarded by itself
  private static boolean isHooked; // guarded by OPEN

  private Engines() {}

  /** Calls {@code call} with the engine of the task that this thread runs. */
  static <T> T with(EngineChoice choice, Function<Engine, T> call) {
    TaskContext task = TaskContext.get();
    int threads = task == null ? 1 : task.cpus(); // none: Spark folds constants on the driver
    Engine.Key key = key(choice, task, threads);
    CALLS.readLock().lock();
    try {
      return call.apply(engine(key));
    } catch (BackendUnavailableException | DeviceException e) {
      if (!choice.fallback() || key.backend() != Backend.CUDA) {
        throw e;
      }
      LOGGER.warn("{}; computing on the processors", e.getMessage());
      return call.apply(engine(new Engine.Key(Backend.CPU, 0, threads)));
    } finally {
      CALLS.readLock().unlock();
    }
  }

  /** Whether the task that this thread runs computes on a GPU, if that works. */
  static boolean isOnGpu(EngineChoice choice) {
    return key(choice, TaskContext.get(), 1).backend() == Backend.CUDA;
  }

  /** Which engine a task gets. */
  static Engine.Key key(EngineChoice choice, TaskContext task, int threads) {
    ResourceInformation gpu = task == null ? null : task.resourcesJMap().get(GPU);
    Backend backend =
        choice.backend() != null ? choice.backend() : gpu != null ? Backend.CUDA : Backend.CPU;
    int device = backend == Backend.CUDA && gpu != null ? device(gpu.addresses()) : 0;
    return new Engine.Key(backend, device, threads);
  }

  /** The first of the addresses that the task was given. */
  private static int device(String[] addresses) {
    try {
      return Integer.parseInt(addresses[0]);
    } catch (NumberFormatException e) {
      throw new InvalidInputException(
          "gpu: expected the number of a device as address, 0 or more, got '%s'; it is what spark.executor.resource.gpu.discoveryScript prints"
              .formatted(addresses[0]));
    }
  }

  private static Engine engine(Engine.Key key) {
    synchronized (OPEN) {
      if (!isHooked && !DRIVER.equals(SparkEnv.get().executorId())) {
        Runtime.getRuntime().addShutdownHook(new Thread(Engines::close, "ctc4j-spark-close"));
        isHooked = true;
      }
      return OPEN.computeIfAbsent(key, Engine::new);
    }
  }

  /** On the driver: its engines, if it ever has some, are closed when the application ends. */
  static void closeWith(SparkContext context) {
    synchronized (HEARD) {
      if (HEARD.put(context, true) == null) {
        context.addSparkListener(
            new SparkListener() {
              @Override
              public void onApplicationEnd(SparkListenerApplicationEnd end) {
                close();
              }
            });
      }
    }
  }

  /** How many engines are open. */
  static int open() {
    synchronized (OPEN) {
      return OPEN.size();
    }
  }

  /** Waits for running calls. */
  static void close() {
    CALLS.writeLock().lock();
    try {
      synchronized (OPEN) {
        OPEN.values().forEach(Engine::close);
        LOGGER.info("closed {}", OPEN.keySet());
        OPEN.clear();
      }
    } finally {
      CALLS.writeLock().unlock();
    }
  }
}
