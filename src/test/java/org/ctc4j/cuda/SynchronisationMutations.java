package org.ctc4j.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.ctc4j.Backend;
import org.ctc4j.ConsistencyBatch;
import org.ctc4j.Ctc;
import org.ctc4j.CtcAligner;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcStatus;
import org.ctc4j.ElementType;
import org.ctc4j.EngineOptions;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.ctc4j.cuda.kernels.SplitLattices;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Takes each barrier, acquire, release and atomic access out of the PTX in turn, and says which of
 * them nothing notices: neither results, nor the checks of the engine. By hand, and long:
 *
 * <pre>mvn surefire:test@ptx -Dtest=SynchronisationMutations [-Dctc4j.mutants=REGEX]</pre>
 *
 * with the functions to change, by default all. Not noticed are the first barrier of a sum over a
 * block where nothing was summed up before it: it keeps what the last one has read until all have.
 */
@Emulated
@Tag("ptx-alone")
class SynchronisationMutations {
  private static final Pattern FUNCTIONS =
      Pattern.compile(System.getProperty("ctc4j.mutants", ".*"));
  private static final List<String> SHAPES =
      List.of("9x3x5x3", "20x2x300x6", "8x2x1025x3", "3x1x9000x2", "3x1x16385x2");
  private static final List<String> SEVERAL_WARPS =
      List.of("90x2x9x40", "300x1x7x140", "620x1x7x300", "900x1x5x600");
  private static final EngineOptions LITTLE = EngineOptions.DEFAULT.withWorkspaceBytes(1);

  /** An instruction that orders. */
  private record Place(String function, int line, String instruction) {}

  /** What runs kernels and looks at results. */
  private record Case(String name, Runnable run) {}

  private static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    Case pair = compared("200x1x9x90", ElementType.FLOAT32, EngineOptions.DEFAULT);
    cases.add(
        new Case(
            "several blocks, " + pair.name,
            () ->
                SplitLattices.of(
                    2, // of 64 pairs
                    () -> {
                      pair.run.run();
                      return null;
                    })));
    for (String shape : SHAPES) {
      for (ElementType type : ElementType.values()) {
        cases.add(compared(shape, type, EngineOptions.DEFAULT));
      }
      cases.add(compared(shape, ElementType.FLOAT32, LITTLE));
    }
    for (String shape : SEVERAL_WARPS) {
      cases.add(compared(shape, ElementType.FLOAT32, EngineOptions.DEFAULT));
      cases.add(compared(shape, ElementType.FLOAT32, LITTLE));
    }
    cases.add(
        new Case(
            "projections",
            () -> {
              try (Ctc cuda = Ctc.create(Backend.CUDA)) {
                KernelCheck.checkProjections(cuda);
              }
            }));
    cases.add(new Case("device batch", () -> KernelCheck.checkDeviceBatch(5)));
    return cases;
  }

  private static Case compared(String shape, ElementType type, EngineOptions options) {
    return new Case(
        shape + " " + type,
        () -> {
          try (Ctc cuda = Ctc.create(Backend.CUDA, options);
              CtcAligner aligner = CtcAligner.create(Backend.CUDA, options)) {
            KernelCheck.check(cuda, aligner, shape, type, 3);
          }
        });
  }

  /** A NaN in the last class of the last frame: one thread of a block finds it. */
  private static void refused(String shape) {
    Workload workload = Workload.random(Shape.of(shape), 3, 1);
    int last = workload.targets().length - 1;
    workload.logits()[workload.logits().length - 1] = Float.NaN;
    CtcBatch batch = workload.batch();
    try (Ctc cuda = Ctc.create(Backend.CUDA);
        CtcAligner aligner = CtcAligner.create(Backend.CUDA)) {
      assertEquals(CtcStatus.NOT_FINITE, cuda.lossAndGradient(batch).status(last), "loss");
      assertEquals(CtcStatus.NOT_FINITE, aligner.align(batch).get(last).status(), "alignment");
      ConsistencyBatch views = ConsistencyBatch.of(batch.logits(), batch.logits());
      assertEquals(CtcStatus.NOT_FINITE, cuda.loss(views).status(last), "consistency");
    }
  }

  /** How often each place was executed. */
  private static Map<Place, Long> executed() {
    Map<Place, Long> counts = new HashMap<>();
    for (String line : Emulator.synchronisations().lines().toList()) {
      String[] words = line.split(" ");
      Place place = new Place(words[0], Integer.parseInt(words[1]), words[2]);
      counts.put(place, Long.parseLong(words[3]));
    }
    return counts;
  }

  @Test
  void takeOutEach() {
    Map<Case, Set<Place>> reached = new HashMap<>();
    List<Case> cases = cases();
    for (Case one : cases) {
      Map<Place, Long> before = executed();
      String noticed = notices(one, 0);
      if (noticed != null) {
        throw new AssertionError(one.name + " fails as it is: " + noticed);
      }
      Set<Place> places = new HashSet<>();
      executed()
          .forEach(
              (p, count) -> {
                if (count > before.getOrDefault(p, 0L)) {
                  places.add(p);
                }
              });
      reached.put(one, places);
    }
    List<Place> all =
        executed().keySet().stream()
            .filter(p -> FUNCTIONS.matcher(p.function).find())
            .sorted(Comparator.comparing(Place::function).thenComparingInt(Place::line))
            .toList();
    int found = 0;
    for (Place place : all) {
      List<Case> those = cases.stream().filter(c -> reached.get(c).contains(place)).toList();
      String outcome = those.isEmpty() ? "NOT REACHED" : outcome(place, those);
      found += outcome.startsWith("found") ? 1 : 0;
      System.out.printf(
          "%s line %d %s: %s%n", place.function, place.line, place.instruction, outcome);
    }
    System.out.printf("%d of %d are noticed%n", found, all.size());
  }

  private static String outcome(Place place, List<Case> cases) {
    Emulator.omit(place.function, place.line);
    try {
      for (Case one : cases) {
        for (long seed = 0; seed <= 2; seed++) {
          String noticed = notices(one, seed);
          if (noticed != null) {
            return "found, %s: %s".formatted(one.name, noticed);
          }
        }
      }
      return "NOT NOTICED in %d cases".formatted(cases.size());
    } finally {
      Emulator.omit("", 0);
    }
  }

  /** The first line of what went wrong, or null. */
  private static String notices(Case one, long seed) {
    Emulator.reset();
    Emulator.set("seed", seed);
    Emulator.set("approximations", 0);
    try {
      one.run.run();
    } catch (RuntimeException | AssertionError e) {
      String finding = Emulator.finding();
      return (finding.isEmpty() ? e.getMessage() : finding).lines().findFirst().orElse("?");
    } finally {
      Emulator.reset();
    }
    return null;
  }
}
