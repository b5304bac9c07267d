package org.ctc4j.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.ctc4j.Pom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What applications are told to add. */
class OptionalLibraryTest {
  private static final Platform LINUX = new Platform("Linux", "amd64");

  @ParameterizedTest
  @EnumSource
  @DisplayName("Artifacts, versions and classifiers are those that this library is built with")
  void asBuilt(OptionalLibrary library) throws Exception {
    List<String> built = Pom.dependencies();
    for (String artifact : library.artifacts(library.version(), LINUX)) {
      assertTrue(built.contains(artifact), () -> artifact + " in " + built);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "Linux, amd64, linux-x86_64",
    "Linux, aarch64, linux-arm64",
    "Windows 11, amd64, windows-x86_64",
    "Mac OS X, aarch64, macosx-arm64",
    "Mac OS X, x86_64, macosx-x86_64",
  })
  @DisplayName("Classifiers are those that artifacts with natives have")
  void classifiers(String system, String architecture, String classifier) {
    assertEquals(classifier, new Platform(system, architecture).classifier());
  }

  @Test
  @DisplayName("Natives are told in the version of the classes that are there")
  void present() {
    assertEquals(
        "org.jcuda:jcuda-natives is not on the class path; add org.jcuda:jcuda-natives:11.8.0:"
            + Platform.HERE.classifier(),
        OptionalLibrary.JCUDA.nativesAbsence("11.8.0"));
  }
}
