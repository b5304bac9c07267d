package org.ctc4j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.ctc4j.Backend;
import org.ctc4j.BackendReport;
import org.ctc4j.Ctc;
import org.ctc4j.CtcResult;
import org.ctc4j.TestBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareCommandTest {
  // not Seed: the tests change one gradient at places that this batch has
  private final TestBatch batch = TestBatch.random(new Random(5), 12, 3, 5, 4, 2);

  private CtcResult reference() {
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      return ctc.lossAndGradient(batch.batch(), batch.options());
    }
  }

  private Comparison compare(CtcResult expected, CtcResult got) {
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      return new Comparison(ctc, batch.batch(), expected, got);
    }
  }

  @Test
  void equalResultsPassAtToleranceZero() {
    Comparison comparison = compare(reference(), reference());
    assertTrue(comparison.passes(0));
    assertEquals(0, comparison.gradientError());
  }

  @Test
  void aWrongGradientIsFoundAtItsPlace() {
    CtcResult wrong = reference();
    wrong.gradient().set(7, 0, 3, wrong.gradient().get(7, 0, 3) + 0.5);
    Comparison comparison = compare(reference(), wrong);
    assertFalse(comparison.passes(1e-3));
    Comparison.Place worst = comparison.rows().get(0).gradient().worst();
    assertEquals(7, worst.frame());
    assertEquals(3, worst.label());
    assertEquals(0.5, worst.difference(), 1e-12);
    assertEquals(0, comparison.rows().get(1).gradient().error());
  }

  @Test
  void aNanOnOneSideFails() {
    CtcResult wrong = reference();
    wrong.gradient().set(2, 0, 1, Double.NaN);
    assertFalse(compare(reference(), wrong).passes(1e9));
  }

  @Test
  void equalInfinitiesAgreeAndOthersDoNot() {
    CtcResult expected = reference();
    CtcResult got = reference();
    expected.gradient().set(2, 0, 1, Double.POSITIVE_INFINITY);
    assertFalse(compare(expected, got).passes(1e9));
    got.gradient().set(2, 0, 1, Double.POSITIVE_INFINITY);
    assertTrue(compare(expected, got).passes(0));
    got.gradient().set(2, 0, 1, Double.NEGATIVE_INFINITY);
    assertFalse(compare(expected, got).passes(1e9));
  }

  /** −ln(1 − (1 + e^margin)^−2), and its gradient. */
  private static CtcResult nearlyCertain(double margin) {
    double[][][] logits = {{{0, margin}, {0, margin}}};
    TestBatch one = new TestBatch(logits, new int[][] {{1}}, new int[] {2}, 2, 0);
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      return ctc.lossAndGradient(one.batch(), one.options());
    }
  }

  @Test
  void aLossNextToZeroIsMeasuredByItself() {
    TestBatch one = new TestBatch(new double[1][2][2], new int[][] {{1}}, new int[] {2}, 2, 0);
    try (Ctc ctc = Ctc.create(Backend.REFERENCE)) {
      for (double margin : new double[] {17, 40, 200}) {
        CtcResult expected = nearlyCertain(margin);
        CtcResult off = nearlyCertain(margin + 0x1p-7);
        Comparison comparison = new Comparison(ctc, one.batch(), expected, off);
        assertEquals(1 - Math.exp(-0x1p-6), comparison.lossError(), 1e-6);
        assertEquals(1 - Math.exp(-0x1p-6), comparison.gradientError(), 1e-6);
        assertFalse(comparison.passes(0.01));
      }
    }
  }

  // from 88 on the gradient is below the smallest normal float, then below the smallest
  @Test
  void nearlyCertainUtterancesPass(@TempDir Path folder) throws Exception {
    int[] path = {0, 1, 1, 0, 2, 2, 0, 3, 3, 0};
    for (float margin : new float[] {17, 20, 32, 40, 92, 100, 200, 800}) {
      float[] logits = new float[60];
      for (int t = 0; t < 10; t++) {
        for (int c = 0; c < 6; c++) {
          logits[6 * t + c] = (7 * t + 3 * c) % 5 * 0.5f + (c == path[t] ? margin : 0);
        }
      }
      Path file =
          new NpzFile()
              .floats("logits", "(10, 1, 6)", logits)
              .ints("targets", "(1, 3)", 1, 2, 3)
              .write(folder.resolve("in.npz"));
      Cli.run("compare", file).succeeded();
    }
  }

  @Test
  void aFailureIsPrintedAndNotPassed() {
    CtcResult wrong = reference();
    wrong.gradient().set(7, 0, 3, 9);
    StringWriter text = new StringWriter();
    CompareReport report = new CompareReport(List.of(compare(reference(), wrong)), List.of(), 1e-5);
    report.printTable(new PrintWriter(text, true));
    assertFalse(report.passed());
    assertTrue(text.toString().contains("FAIL") && text.toString().contains("(7, 0, 3)"));
  }

  @Test
  void theSampleOnEveryUsableBackend() throws Exception {
    JsonNode json = Cli.run("compare", "--json").json();
    assertTrue(json.get("passed").asBoolean());
    for (BackendReport report : Ctc.backends()) {
      if (report.backend() == Backend.REFERENCE) {
        continue;
      }
      String list = report.usable() ? "comparisons" : "not_run";
      assertTrue(
          json.get(list).findValuesAsText("backend").contains(report.backend().toString()), list);
    }
  }

  @Test
  void arguments(@TempDir Path folder) {
    Cli.run("compare", "--tolerance", "-1").refused("--tolerance", "-1");
    Cli.run("compare", folder.resolve("none.npz")).refused("no such file");
  }
}
