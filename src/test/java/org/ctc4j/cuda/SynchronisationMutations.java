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
 *   <li>The first barrier of {@code BlockGroup::reduce} where nothing was summed up before: it
 *       keeps what the last one has read until all have. In the lattices, {@code ctc_prepare},
 *       {@code ctc_reduce}, {@code ctc_align_path_*}, {@code ctc_align_wildcard_path}, {@code
 *       ctc_projection_sum_*} and {@code ctc_projection_scale}. The last one of {@code
 *       sumInFixedOrder} where there is another before its parts are used again, or no more use of
 *       them: in {@code ctc_consistency_sum}, too.
 *   <li>The vote of {@code ctc_projection_sum_f16}: there no product of finite numbers is too
 *       large, and what is not finite in one class is so in all, the target's own among them.
 *   <li>In the lattices: the barrier of a warp that begins a walk, behind that which ended the last
 *       one. At the end of a walk behind which a barrier of the block comes, or nothing, that of
 *       the warp, and what tells the left neighbour that the ring is free. The vote on frames that
 *       are not finite: the sum of the best log-probabilities finds them again, and E is 0 in them
 *       until then. The barrier behind that sum, before the one behind the sides.
 *   <li>In {@code ctc_small_loss}: the barrier of a warp that ends a group of frames, as the places
 *       of the next group are others, and the one after it begins with a barrier. That of the block
 *       behind a walk that only advances, whose threads go on from their own states. In the
 *       complement, the first one, as more come before the loss is written, and that behind the
 *       largest columns, before the one behind the last row. That before a loss is handed over, as
 *       no copy of an {@code Utterance} takes the loss along.
 * </ul>
 *
 * Not reached are a tile after the first in {@code ctc_lattice_p2}, which is launched for fewer
 * pairs; an edge behind the last chunk of a walk; and a wait for another block's loss, which on
 * this engine is there before it is counted.
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
