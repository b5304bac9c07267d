package org.ctc4j;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Which package may know of which. What is listed here as an exception may go, and none may come.
 */
class WallsTest {
  private static final Path CLASSES = Path.of("target/classes");

  /** What is in the same folder of sources, and no part of the library. */
  private static final String[] TOOLS = {"org.ctc4j.cli..", "org.ctc4j.bench.."};

  /** Internal classes that the tools use. */
  private static final Set<String> LENT =
      Set.of(
          "org.ctc4j.cli.Explanation -> org.ctc4j.host.InputCheck",
          "org.ctc4j.cli.ClassRows -> org.ctc4j.host.LogProbs");

  /** Packages behind the facade that the facade knows, and that know it. */
  private static final Set<String> BEHIND_THE_FACADE =
      Set.of("alignment", "cpu", "cuda", "decoding", "engine", "host", "reference");

  private static JavaClasses classes;
  private static Set<String> exported;

  @BeforeAll
  static void read() {
    classes = new ClassFileImporter().importPath(CLASSES);
    exported =
        ModuleFinder.of(CLASSES).find("org.ctc4j").orElseThrow().descriptor().exports().stream()
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toSet());
  }

  @Test
  @DisplayName("The module exports the API, the reading of files, language models and text, to all")
  void exports() {
    assertEquals(Set.of("org.ctc4j", "org.ctc4j.io", "org.ctc4j.lm", "org.ctc4j.text"), exported);
  }

  @Test
  @DisplayName("The library knows nothing of the command line, nor of what times it")
  void tools() {
    noClasses()
        .that()
        .resideOutsideOfPackages(TOOLS)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(TOOLS)
        .check(classes);
  }

  @Test
  @DisplayName("The command line, and what times it, use what is exported, but for what is listed")
  void internals() {
    Set<String> lent = new TreeSet<>();
    for (JavaClass tool : classes.that(resideInAnyPackage(TOOLS))) {
      for (Dependency dependency : tool.getDirectDependenciesFromSelf()) {
        JavaClass used = dependency.getTargetClass().getBaseComponentType();
        if (isOurs(used)
            && !resideInAnyPackage(TOOLS).test(used)
            && !exported.contains(used.getPackageName())) {
          lent.add(topLevel(tool) + " -> " + topLevel(used));
        }
      }
    }
    assertEquals(new TreeSet<>(LENT), lent);
  }

  @Test
  @DisplayName("What is exported shows no internal type, and none of another library")
  void signatures() {
    Set<String> shown = new TreeSet<>();
    for (JavaClass type : classes) {
      if (exported.contains(type.getPackageName()) && isPublic(type.getModifiers())) {
        for (JavaMember member : type.getMembers()) {
          if (isPublic(member.getModifiers())) {
            member.getAllInvolvedRawTypes().stream()
                .filter(involved -> !isKnown(involved.getPackageName()))
                .forEach(involved -> shown.add(member.getFullName() + ": " + involved.getName()));
          }
        }
      }
    }
    assertEquals(Set.of(), shown);
  }

  @Test
  @DisplayName("No circle of packages but those between the facade and what is behind it")
  void circles() {
    Map<String, Set<String>> uses = uses();
    Set<String> behind = new TreeSet<>();
    for (String used : uses.get("org.ctc4j")) {
      if (uses.get(used).contains("org.ctc4j")) {
        behind.add(used.substring("org.ctc4j.".length()));
      }
    }
    assertEquals(new TreeSet<>(BEHIND_THE_FACADE), behind);
    uses.remove("org.ctc4j");
    while (uses.values().removeIf(used -> used.stream().noneMatch(uses::containsKey))) {
      // takes away what uses nothing that is left
    }
    assertEquals(Map.of(), uses, "packages in a circle, and those that use one");
  }

  @Test
  @DisplayName("On a GPU the way of host batches stands on the kernels, and these on the driver")
  void floors() {
    List<String> upwards =
        List.of(
            "org.ctc4j.cuda.driver",
            "org.ctc4j.cuda.kernels",
            "org.ctc4j.cuda.host",
            "org.ctc4j.cuda");
    for (int i = 0; i < upwards.size() - 1; i++) {
      noClasses()
          .that()
          .resideInAPackage(upwards.get(i))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(upwards.subList(i + 1, upwards.size()).toArray(String[]::new))
          .check(classes);
    }
  }

  private static Map<String, Set<String>> uses() {
    Map<String, Set<String>> uses = new TreeMap<>();
    for (JavaClass type : classes) {
      Set<String> used = uses.computeIfAbsent(type.getPackageName(), name -> new TreeSet<>());
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (isOurs(target) && !target.getPackageName().equals(type.getPackageName())) {
          used.add(target.getPackageName());
        }
      }
    }
    return uses;
  }

  private static boolean isPublic(Set<JavaModifier> modifiers) {
    return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
  }

  private static boolean isKnown(String shown) {
    return shown.isEmpty() || shown.startsWith("java.") || exported.contains(shown);
  }

  private static boolean isOurs(JavaClass type) {
    return type.getPackageName().startsWith("org.ctc4j");
  }

  private static String topLevel(JavaClass type) {
    return type.getName().replaceFirst("\\$.*", "");
  }
}
