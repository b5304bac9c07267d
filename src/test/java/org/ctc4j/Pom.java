package org.ctc4j;

import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** What the pom says that the library is built with. */
public final class Pom {
  private Pom() {}

  /** As group:artifact:version or group:artifact:version:classifier, the library itself first. */
  public static List<String> dependencies() throws Exception {
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
    dependencies.add(
        text(project, "groupId")
            + ":"
            + text(project, "artifactId")
            + ":"
            + text(project, "version"));
    for (Element dependency : children(child(project, "dependencies"))) {
      String version = text(dependency, "version");
      Element classifier = child(dependency, "classifier");
      dependencies.add(
          "%s:%s:%s%s"
              .formatted(
                  text(dependency, "groupId"),
                  text(dependency, "artifactId"),
                  properties.getOrDefault(version, version),
                  classifier == null ? "" : ":" + classifier.getTextContent()));
    }
    return dependencies;
  }

  private static String text(Element parent, String name) {
    return child(parent, name).getTextContent();
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
