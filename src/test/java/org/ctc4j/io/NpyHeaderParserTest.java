package org.ctc4j.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.text.ParseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpyHeaderParserTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4), }          \n",
        "{'shape':(3,4),'descr':'<f4','fortran_order':True}",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (3L, 4L), }", // Python 2's
        "\t{ \"fortran_order\" : True ,\r\n 'shape' : ( 3 , 4 , ) , 'descr' : \"<f4\" } ",
      })
  void anyOrderQuotesAndSpace(String text) throws ParseException {
    NpyHeader expected = new NpyHeader("<f4", true, new long[] {3, 4}, 1);
    assertEquals(expected, NpyHeaderParser.parse(text, 1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "()                                | <f4 ()",
        "( )                               | <f4 ()",
        "(3,)                              | <f4 (3,)",
        "(0, 1099511627776, 1099511627776) | <f4 (0, 1099511627776, 1099511627776)",
        "(2305843009213693951,)            | <f4 (2305843009213693951,)",
      })
  void shapes(String shape, String expected) throws ParseException {
    String text = "{'descr': '<f4', 'fortran_order': False, 'shape': %s}".formatted(shape);
    assertEquals(expected, NpyHeaderParser.parse(text, 1).toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "(3)      | expected ',' after the only dimension at character 52, got ')}'",
        "(,)      | expected a number at character 51, got ',)}'",
        "(3,,)    | expected a number at character 53, got ',)}'",
        "(3 4)    | expected ',' or ')' at character 53, got '4)}'",
        "(3, 4    | expected ',' or ')' at character 55, got '}'",
        "[3]      | expected '(' at character 50, got '[3]}'",
        "3        | expected '(' at character 50, got '3}'",
        "(3l,)    | expected ',' or ')' at character 52, got 'l,)}'",
        "(3LL,)   | expected ',' or ')' at character 53, got 'L,)}'",
        "(L,)     | expected a number at character 51, got 'L,)}'",
        "(3.0,)   | expected ',' or ')' at character 52, got '.0,)}'",
        "(+3,)    | expected a number at character 51, got '+3,)}'",
        "(-,)     | expected a number at character 51, got '-,)}'",
        "(-3, 4)  | shape has a negative dimension, -3",
        "(4, -0x1) | expected ',' or ')' at character 56, got 'x1)}'",
        "(9223372036854775808,) | dimension 9223372036854775808 does not fit 64 bits",
        "(4611686018427387904, 2) | shape (4611686018427387904, 2) has more bytes than a 64-bit"
            + " number counts",
        "(2305843009213693952,) | shape (2305843009213693952,) has more bytes than a 64-bit number"
            + " counts",
      })
  void refusesShapes(String shape, String message) {
    refuses("{'descr': '<f4', 'fortran_order': False, 'shape': %s}".formatted(shape), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``                  | expected '{' at character 0, got the end",
        "x                   | expected '{' at character 0, got 'x'",
        "{}                  | key 'descr' is missing",
        "{                   | expected a string at character 1, got the end",
        "{'descr'            | expected ':' at character 8, got the end",
        "{'descr: '<f4'}     | expected ':' at character 10, got '<f4'}'",
        "{'descr             | string without end: 'descr",
        "{descr: '<f4'}      | expected a string at character 1, got 'descr: '<f4'}'",
        "{'descr': 4}        | expected a string at character 10, got '4}'",
        "{'descr': '<f4'     | expected ',' at character 15, got the end",
        "{'descr': '<f4',}   | key 'fortran_order' is missing",
        "{,}                 | expected a string at character 1, got ',}'",
        "{'descr': '<f4',,}  | expected a string at character 16, got ',}'",
        "{'other': 1}        | unknown key 'other'",
        "{'descr': '<f4', 'descr': '<f4'}                  | key 'descr' comes twice",
        "{'fortran_order': true}    | expected True or False at character 18, got 'true}'",
        "{'fortran_order': 0}       | expected True or False at character 18, got '0}'",
        "{'descr': '<f4', 'fortran_order': True}           | key 'shape' is missing",
        "{'descr': '<f4', 'fortran_order': True, 'shape': ()} x"
            + "| expected nothing more at character 53, got 'x'",
        "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,)}"
            + "| structured dtype [('x', '<f4')], 'fortran_order': False, 'shape': (2,)} is not"
            + " supported, expected plain numbers",
      })
  void refusesText(String text, String message) {
    refuses(text, message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "f4", "=f4", "|f4", "<f16", "<f3", "|b1", "|U3", "<U0", "<U", "|S0", "<U-1", "<c8",
        "<V4", "|V1", "|u2", "<m8[s]"
      })
  void refusesDtypes(String dtype) {
    refuses(
        "{'descr': '%s', 'fortran_order': False, 'shape': ()}".formatted(dtype),
        "dtype '%s' is not supported, expected f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8, V2, U or S"
            .formatted(dtype));
  }

  @Test
  void saysWhatBecomesOfLists() {
    refuses(
        "{'descr': '|O', 'fortran_order': False, 'shape': ()}",
        "dtype '|O' is not supported, expected f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8, V2, U or S;"
            + " Python's objects are not read: lists of unlike lengths are padded or concatenated into"
            + " an array of numbers");
  }

  @Test
  void quotesHostileTextOnOneLine() {
    refuses(
        "{'a\nb\u001b[31m\u202e" + "x".repeat(1000) + "': 1}",
        "unknown key 'a\\u000ab\\u001b[31m\\u202e" + "x".repeat(191) + "…'");
  }

  private static void refuses(String text, String message) {
    ParseException e = assertThrows(ParseException.class, () -> NpyHeaderParser.parse(text, 1));
    assertEquals(message, e.getMessage());
  }
}
