package org.ctc4j.cuda;

import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.ctc4j.cuda.SynchronisationCases.Case;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Takes each barrier, acquire, release and atomic access out of the PTX in turn, and says which of
 * them nothing notices: neither results, nor the checks of the engine. By hand, and long:
 *
 * <pre>mvn surefire:test@ptx -Dtest=SynchronisationMutations [-Dctc4j.mutants=REGEX]</pre>
 *
 * with the functions to change, by default all. Of frames, lattice, posteriors and small losses
 * there is no list; of all others what is not noticed is
 *
 * <ul>
 *   <li>the first barrier of {@code BlockGroup::reduce} where it is the first of its block: it
 *       keeps what the last one has read. In {@code ctc_prepare}, {@code ctc_reduce}, {@code
 *       ctc_align_path_*}, {@code ctc_align_wildcard_path}, {@code ctc_projection_sum_*} and {@code
 *       ctc_projection_scale};
 *   <li>the last one of {@code sumInFixedOrder} where it is the only one: it keeps the same for the
 *       next. In {@code ctc_consistency_sum};
 *   <li>the vote of {@code ctc_projection_sum_f16}: there no product of finite numbers is too
 *       large, and what is not finite in one class is so in all, the target's own among them.
 * </ul>
 */
@Emulated
@Tag("ptx-alone")
class SynchronisationMutations {
  private static final Pattern FUNCTIONS =
      Pattern.compile(System.getProperty("ctc4j.mutants", ".*"));

  /** An instruction that orders. */
  private record Place(String function, int line, String instruction) {}

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
    List<Case> cases = SynchronisationCases.all();
    for (Case one : cases) {
      Map<Place, Long> before = executed();
      String noticed = notices(one, 0);
      if (noticed != null) {
        throw new AssertionError(one.name() + " fails as it is: " + noticed);
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
            return "found, %s: %s".formatted(one.name(), noticed);
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
      one.run().run();
    } catch (RuntimeException | AssertionError e) {
      String finding = Emulator.finding();
      return (finding.isEmpty() ? e.getMessage() : finding).lines().findFirst().orElse("?");
    } finally {
      Emulator.reset();
    }
    return null;
  }
}
