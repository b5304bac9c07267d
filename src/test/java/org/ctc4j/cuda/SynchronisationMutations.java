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
 * <pre>
 * mvn surefire:test@ptx -Dtest=SynchronisationMutations [-Dctc4j.mutants=REGEX] [-Dctc4j.cases=REGEX]
 * </pre>
 *
 * with the functions to change and the cases to run, by default all. Not noticed is what something
 * else orders as well, or what nobody waits for:
 *
 * <ul>
 *   <li>the first barrier of {@code BlockGroup::reduce} where nothing was summed up just before: it
 *       keeps what the last one has read. In {@code ctc_prepare}, {@code ctc_reduce}, {@code
 *       ctc_align_path_*}, {@code ctc_align_wildcard_path}, {@code ctc_projection_sum_*}, {@code
 *       ctc_projection_scale}, {@code ctc_lattice_*}, {@code ctc_small_loss};
 *   <li>the last one of {@code sumInFixedOrder} where another comes before the next: it keeps the
 *       same. In {@code ctc_consistency_sum}, {@code ctc_lattice_*}, {@code ctc_small_loss};
 *   <li>the vote of {@code ctc_projection_sum_f16}: there no product of finite numbers is too
 *       large, and what is not finite in one class is so in all, the target's own among them;
 *   <li>in the {@code walk} of {@code ctc_lattice_*}, where a barrier of the block or the kernel's
 *       end follows, the last barrier of a warp, and the last word to the left neighbour, who hands
 *       on nothing more;
 *   <li>the first barrier of {@code endsLast} in {@code ctc_small_loss}, as no thread reads the
 *       loss in its copy of {@code Utterance}.
 * </ul>
 *
 * Not reached are a second tile in {@code ctc_lattice_p2}, but of logarithms: its launches have too
 * few pairs; {@code await} behind a walk's last chunk, where there is no edge; and that of another
 * block's loss, which this engine has always stored before it is counted.
 */
@Emulated
@Tag("ptx-alone")
class SynchronisationMutations {
  private static final Pattern FUNCTIONS =
      Pattern.compile(System.getProperty("ctc4j.mutants", ".*"));
  private static final Pattern CASES = Pattern.compile(System.getProperty("ctc4j.cases", ".*"));

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
    List<Case> cases =
        SynchronisationCases.all().stream().filter(c -> CASES.matcher(c.name()).find()).toList();
    for (Case one : cases) {
      Map<Place, Long> before = executed();
      String noticed = noticesInAnyOrder(one);
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
        String noticed = noticesInAnyOrder(one);
        if (noticed != null) {
          return "found, %s: %s".formatted(one.name(), noticed);
        }
      }
      return "NOT NOTICED in %d cases".formatted(cases.size());
    } finally {
      Emulator.omit("", 0);
    }
  }

  /** In ascending order, where no block waits for another, and in others. */
  private static String noticesInAnyOrder(Case one) {
    String noticed = null;
    for (long seed = 0; seed <= 2 && noticed == null; seed++) {
      noticed = notices(one, seed);
    }
    return noticed;
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
