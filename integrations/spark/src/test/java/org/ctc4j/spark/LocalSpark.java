package org.ctc4j.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.spark.sql.SparkSession;

/** Sessions on this machine, of this process or of executors that are processes of their own. */
final class LocalSpark {
  private LocalSpark() {}

  static SparkSession.Builder inProcess() {
    return builder("local[2]");
  }

  /** Two executors of a processor and 1 GB each. */
  static SparkSession.Builder cluster() throws IOException {
    linkJars(Path.of(System.getenv("SPARK_HOME"), "jars"));
    return builder("local-cluster[2,1,1024]")
        .config("spark.executor.memory", "1g")
        .config("spark.executor.extraClassPath", System.getProperty("java.class.path"));
  }

  private static SparkSession.Builder builder(String master) {
    return SparkSession.builder()
        .master(master)
        .config("spark.ui.enabled", false)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", 2)
        .config(
            "spark.sql.warehouse.dir", Path.of("target", "warehouse").toAbsolutePath().toString());
  }

  /** What Spark starts executors with: a folder that looks like an installation. */
  private static void linkJars(Path folder) throws IOException {
    Files.createDirectories(folder);
    for (String entry : Arrays.asList(System.getProperty("java.class.path").split(":"))) {
      Path link = folder.resolve(Path.of(entry).getFileName());
      if (entry.endsWith(".jar") && !Files.exists(link)) {
        Files.createSymbolicLink(link, Path.of(entry));
      }
    }
  }
}
