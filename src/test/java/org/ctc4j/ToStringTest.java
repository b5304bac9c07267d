package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What public types say of themselves. */
class ToStringTest {
  private static final Path CLASSES = Path.of("target", "classes");

  /** Of the packages that the module exports, those that one can have an instance of. */
  private static List<Class<?>> publicTypes() throws Exception {
    List<Class<?>> types = new ArrayList<>();
    for (String folder : new String[] {"org/ctc4j", "org/ctc4j/io", "org/ctc4j/text"}) {
      try (Stream<Path> files = Files.list(CLASSES.resolve(folder))) {
        for (Path file : files.filter(path -> path.toString().endsWith(".class")).toList()) {
          String name = CLASSES.relativize(file).toString().replace('/', '.');
          if (name.endsWith("-info.class")) {
            continue;
          }
          Class<?> type =
              Class.forName(
                  name.substring(0, name.length() - 6), false, ToStringTest.class.getClassLoader());
          boolean hasInstances =
              Arrays.stream(type.getMethods())
                  .anyMatch(
                      method ->
                          !Modifier.isStatic(method.getModifiers())
                              && method.getDeclaringClass() != Object.class);
          if (Modifier.isPublic(type.getModifiers()) && !type.isInterface() && hasInstances) {
            types.add(type);
          }
        }
      }
    }
    return types;
  }

  @Test
  @DisplayName("Every public type has a toString of its own, and no record shows an array")
  void all() throws Exception {
    List<Class<?>> types = publicTypes();
    assertTrue(types.size() > 40, types::toString);
    for (Class<?> type : types) {
      Class<?> declaring = type.getMethod("toString").getDeclaringClass();
      assertFalse(declaring == Object.class, type::getName);
      if (type.isRecord() && declaring == type) {
        boolean hasArray =
            Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .anyMatch(Class::isArray);
        assertFalse(hasArray && isGenerated(type), type::getName);
      }
    }
  }

  /** A record's own, which the compiler writes with the bootstrap method of records. */
  private static boolean isGenerated(Class<?> type) throws IOException {
    Path file = CLASSES.resolve(type.getName().replace('.', '/') + ".class");
    Path source = Path.of("src/main/java", type.getName().replace('.', '/') + ".java");
    return Files.exists(file) && !Files.readString(source).contains("public String toString()");
  }

  @Test
  @DisplayName("Sizes and outcome, never the numbers")
  void examples() {
    FrameTensor logits = FrameTensor.of(new float[2 * 150 * 28], "NTC", 2, 150, 28);
    assertEquals("(T, N, C) = (150, 2, 28) of FLOAT32", logits.toString());
    assertEquals("8400 of FLOAT32", logits.elements().toString());
    Targets targets = Targets.of(new int[] {1, 2, 3}, new int[200]);
    assertEquals("2 targets, 203 labels", targets.toString());
    targets = Targets.of(new int[] {1, 2, 3}, repeated(200));
    CtcBatch batch = CtcBatch.of(logits, targets);
    assertEquals("(T, N, C) = (150, 2, 28) of FLOAT32; 2 targets, 203 labels", batch.toString());
    Projection projection = Projection.of(Elements.of(new float[84]), null, 3, 28);
    assertEquals("(C, D) = (3, 28) of FLOAT32", projection.toString());
    assertEquals(
        "hidden states, (T, N, D) = (150, 2, 28); (C, D) = (3, 28) of FLOAT32; 2 targets, 203 labels",
        ProjectedBatch.of(logits, projection, targets).toString());
    try (Ctc ctc = Ctc.create(Backend.REFERENCE);
        CtcAligner aligner = CtcAligner.create(Backend.CPU)) {
      assertEquals("reference engine on " + ctc.device(), ctc.toString());
      assertEquals("cpu aligner on " + aligner.device(), aligner.toString());
      CtcResult result = ctc.loss(batch);
      assertEquals(
          "2 utterances: 1 OK, 1 INFEASIBLE, 0 NOT_FINITE; loss Infinity", result.toString());
      List<CtcPath> paths = aligner.align(batch);
      assertEquals(
          "OK: 3 labels in 150 frames, ln p = " + paths.get(0).logProbability(),
          paths.get(0).toString());
      assertEquals("INFEASIBLE", paths.get(1).toString());
    }
    assertEquals(
        "0 utterances: 0 OK, 0 INFEASIBLE, 0 NOT_FINITE; loss 0.0",
        CtcResult.ofLosses(0).toString());
    CtcNBest nBest =
        new CtcNBest(CtcStatus.OK, List.of(new CtcHypothesis(new int[] {1, 2}, -0.5, 0.25, 0.75)));
    assertEquals("OK: best of 1: 2 labels, ln p = -0.5, score 0.25", nBest.toString());
    assertEquals("2 hot words", HotWords.of(List.of(new int[] {1}, new int[] {2}), 1).toString());
  }

  private static int[] repeated(int length) {
    int[] labels = new int[length];
    Arrays.fill(labels, 1);
    return labels;
  }
}
