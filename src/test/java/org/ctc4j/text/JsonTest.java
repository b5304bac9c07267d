package org.ctc4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.ctc4j.InvalidInputException;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private static final ObjectMapper JACKSON = new ObjectMapper();

  private static Object plain(Object value) {
    if (value instanceof Json.Members members) {
      Map<String, Object> map = new LinkedHashMap<>();
      members.list().forEach(member -> map.put(member.name(), plain(member.value())));
      return map;
    }
    if (value instanceof List<?> list) {
      List<Object> plain = new ArrayList<>();
      list.forEach(element -> plain.add(plain(element)));
      return plain;
    }
    return value == Json.NULL ? null : value;
  }

  private static Object plain(JsonNode node) {
    if (node.isObject()) {
      Map<String, Object> map = new LinkedHashMap<>();
      node.properties().forEach(entry -> map.put(entry.getKey(), plain(entry.getValue())));
      return map;
    }
    if (node.isArray()) {
      List<Object> list = new ArrayList<>();
      node.forEach(element -> list.add(plain(element)));
      return list;
    }
    if (node.isTextual()) {
      return node.textValue();
    }
    return node.isIntegralNumber()
        ? (Object) node.longValue()
        : node.isNumber() ? node.doubleValue() : node.isBoolean() ? node.booleanValue() : null;
  }

  @Test
  @DisplayName("What Jackson writes of random values is read as it was")
  void randomValues() throws Exception {
    long seed = Long.getLong("ctc4j.seed", System.getenv("CI") == null ? System.nanoTime() : 5);
    Random random = new Random(seed);
    for (int i = 0; i < 2000; i++) {
      JsonNode node = node(random, 0);
      String text =
          random.nextBoolean()
              ? JACKSON.writeValueAsString(node)
              : JACKSON.writerWithDefaultPrettyPrinter().writeValueAsString(node);
      assertEquals(plain(node), plain(Json.parse(text)), () -> "seed " + seed + ": " + text);
    }
  }

  private static JsonNode node(Random random, int depth) {
    switch (random.nextInt(depth > 4 ? 5 : 7)) {
      case 0:
        return JACKSON.getNodeFactory().textNode(string(random));
      case 1:
        return JACKSON.getNodeFactory().numberNode(random.nextLong() >> 5 + random.nextInt(58));
      case 2:
        return JACKSON.getNodeFactory().numberNode(random.nextGaussian() * 1e30);
      case 3:
        return JACKSON.getNodeFactory().booleanNode(random.nextBoolean());
      case 4:
        return JACKSON.getNodeFactory().nullNode();
      case 5:
        ArrayNode array = JACKSON.createArrayNode();
        for (int i = random.nextInt(4); i > 0; i--) {
          array.add(node(random, depth + 1));
        }
        return array;
      default:
        ObjectNode object = JACKSON.createObjectNode();
        for (int i = random.nextInt(4); i > 0; i--) {
          object.set(string(random), node(random, depth + 1));
        }
        return object;
    }
  }

  private static String string(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(6); i > 0; i--) {
      int c = random.nextInt(random.nextBoolean() ? 0x80 : 0x110000);
      text.appendCodePoint(Character.getType(c) == Character.SURROGATE ? '"' : c);
    }
    return text.toString();
  }

  @ParameterizedTest
  @DisplayName("What is no JSON is refused, and where is said")
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[",
        "\"",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\" 1}",
        "{1:2}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1]]",
        "1 2",
        "tru",
        "nul",
        "True",
        "NaN",
        "Infinity",
        "-",
        "+1",
        "01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12G4\"",
        "\"\\u１２３４\"",
        "\"\t\"",
        "\"a\nb\"",
        "\"\\ud83d\"",
        "\"\\ude00\\ud83d\"",
        "\"\\ud83dx\"",
        "// comment\n1",
        "\u00a01",
        "\u0000"
      })
  void malformed(String text) {
    InvalidInputException e = assertThrows(InvalidInputException.class, () -> Json.parse(text));
    assertTrue(e.getMessage().startsWith("not valid JSON: position "), e.getMessage());
    assertEquals(1, e.getMessage().lines().count(), e.getMessage());
  }

  @Test
  @DisplayName("Escapes, pairs of surrogates among them")
  void escapes() {
    assertEquals(
        "\"\\/\b\f\n\r\té😀", Json.parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\ud83d\\uDE00\""));
    assertEquals("😀", Json.parse("\"😀\""));
  }

  @Test
  @DisplayName("Depth has a limit, and takes no stack before it")
  void depth() {
    assertEquals(
        List.of(),
        Json.parse("[".repeat(33) + "]".repeat(33)) instanceof List<?> list ? inner(list) : null);
    for (String open : List.of("[", "{\"a\":")) {
      InvalidInputException e =
          assertThrows(InvalidInputException.class, () -> Json.parse(open.repeat(1_000_000)));
      assertTrue(e.getMessage().contains("deep"), e.getMessage());
    }
  }

  private static List<?> inner(List<?> list) {
    return list.isEmpty() ? list : inner((List<?>) list.get(0));
  }

  @Test
  @DisplayName("Integers that do not fit are numbers, and no class")
  void sizes() {
    assertEquals(999_999_999_999_999_999L, Json.parse("999999999999999999"));
    assertEquals(1e30, Json.parse("1" + "0".repeat(30)));
    assertEquals(Double.POSITIVE_INFINITY, Json.parse("1e999"));
    assertEquals(-0.5, Json.parse("-5E-1"));
    assertEquals(0L, Json.parse("-0"));
    String many = "[" + "1,".repeat(1_000_000) + "1]";
    assertEquals(1_000_001, ((List<?>) Json.parse(many)).size());
  }
}
