package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/**
 * What Maven Central wants of a pom (<a
 * href="https://central.sonatype.org/publish/requirements/">its requirements</a>), which has no
 * parent and so is all that there is, and what a build needs to be the same one next year.
 */
class PomTest {
  private final Document pom;
  private final XPath xpath = XPathFactory.newInstance().newXPath();

  PomTest() throws Exception {
    pom = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse("pom.xml");
  }

  private List<String> texts(String path) throws Exception {
    NodeList nodes = (NodeList) xpath.evaluate(path, pom, XPathConstants.NODESET);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      texts.add(nodes.item(i).getTextContent().strip());
    }
    return texts;
  }

  @ParameterizedTest
  @DisplayName("The pom has what Central refuses to do without")
  @ValueSource(
      strings = {
        "groupId",
        "artifactId",
        "version",
        "name",
        "description",
        "url",
        "licenses/license/name",
        "licenses/license/url",
        "developers/developer/name",
        "developers/developer/organizationUrl",
        "scm/connection",
        "scm/developerConnection",
        "scm/url"
      })
  void required(String element) throws Exception {
    List<String> found = texts("/project/" + element);
    assertFalse(found.isEmpty() || found.contains(""), element + ": " + found);
  }

  @Test
  @DisplayName("The pom names no other pom, no repository and no snapshot")
  void selfContained() throws Exception {
    assertEquals(List.of(), texts("/project/parent | //repositories | //pluginRepositories"));
    assertEquals(
        List.of(),
        texts(
            "(//dependency | //plugin)/version[contains(., 'SNAPSHOT') or contains(., ',') or . = 'LATEST' or . = 'RELEASE']"));
    assertEquals(List.of(), texts("//dependency[scope = 'system']/artifactId"));
  }

  @Test
  @DisplayName("Every plugin has a version, those that Maven runs unasked, too")
  void pinned() throws Exception {
    assertEquals(List.of(), texts("//plugin[not(version)]/artifactId"));
    List<String> bound =
        List.of("clean", "resources", "compiler", "surefire", "jar", "install", "deploy", "site");
    for (String name : bound) {
      String plugin = "maven-%s-plugin".formatted(name);
      assertEquals(
          List.of(plugin),
          texts("/project/build/plugins/plugin/artifactId[. = '%s']".formatted(plugin)));
    }
  }
}
