package org.ctc4j.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What applications are told to add. */
class OptionalLibraryTest {
  private static final Platform LINUX = new Platform("Linux", "amd64");

  @ParameterizedTest
  @EnumSource
  @DisplayName("Artifacts, versions and classifiers are those that this library is built with")
  void asBuilt(OptionalLibrary library) throws Exception {
    List<String> built = dependencies();
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

  /** Those of the pom, as group:artifact:version or group:artifact:version:classifier. */
  private static List<String> dependencies() throws Exception {
    Element project =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new File("pom.xml"))
            .getDocumentElement();
    Map<String, String> properties = new TreeMap<>();
    for (Element property : children(child(project, "properties"))) {
      properties.put("${" + property.getTagName() + "}", property.getTextContent());
    }
    List<String> dependencies = new ArrayList<>();
    for (Element dependency : children(child(project, "dependencies"))) {
      String version = child(dependency, "version").getTextContent();
      Element classifier = child(dependency, "classifier");
      dependencies.add(
          "%s:%s:%s%s"
              .formatted(
                  child(dependency, "groupId").getTextContent(),
                  child(dependency, "artifactId").getTextContent(),
                  properties.getOrDefault(version, version),
                  classifier == null ? "" : ":" + classifier.getTextContent()));
    }
    return dependencies;
  }

  private static Element child(Element parent, String name) {
    return children(parent).stream()
        .filter(element -> element.getTagName().equals(name))
        .findFirst()
        .orElse(null);
  }

  private static List<Element> children(Element parent) {
    List<Element> children = new ArrayList<>();
    NodeList nodes = parent.getChildNodes();
    for (int i = 0; i < nodes.getLength(); i++) {
      if (nodes.item(i) instanceof Element element) {
        children.add(element);
      }
    }
    return children;
  }
}
