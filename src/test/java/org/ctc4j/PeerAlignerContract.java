package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Alignments that the tests of other libraries state, on every backend that aligns. */
public abstract class PeerAlignerContract {
  private CtcAligner aligner;

  /** A new aligner of the backend under test; fails if another would be picked. */
  protected abstract CtcAligner aligner();

  @BeforeEach
  void open() {
    aligner = aligner();
  }

  @AfterEach
  void close() {
    aligner.close();
  }

  static List<PeerCase> paths() {
    return PeerCase.stating("path");
  }

  static List<PeerCase> spans() {
    return PeerCase.stating("spans");
  }

  static List<PeerCase> refusals() {
    return PeerCase.stating("refused");
  }

  private String where(PeerCase peer, ElementType type, int n) {
    return "%s, utterance %d, %s, on %s".formatted(peer.what(), n, type, aligner.device());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("paths")
  void paths(PeerCase peer) {
    TestBatch data = peer.batch();
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
      FrameTensor tensor = PeerCase.tensor(data, type);
      List<CtcPath> got = aligner.align(data.batch(tensor), peer.options());
      for (int n = 0; n < data.utterances(); n++) {
        CtcPath path = got.get(n);
        JsonNode stated = peer.get("path").get(n);
        String where = where(peer, type, n);
        assertEquals(stated.isNull() ? CtcStatus.INFEASIBLE : CtcStatus.OK, path.status(), where);
        int[] symbols = IntStream.range(0, path.frames()).map(path::symbol).toArray();
        assertEquals(
            Arrays.toString(PeerCase.ints(stated)), Arrays.toString(symbols), where + ": path");
        for (int t = 0; t < path.frames(); t++) {
          double expected = logProbability(tensor, t, n, symbols[t], peer.options().input());
          assertEquals(expected, path.logProbability(t), 1e-12, where + ", frame " + t);
        }
        if (peer.get("pathLogProbability").has(n)) {
          double rounding = type == ElementType.FLOAT32 ? 1e-6 : 1e-12;
          PeerCase.assertStated(
              peer.get("pathLogProbability").get(n), path.logProbability(), rounding, where);
        }
      }
    }
  }

  private static double logProbability(
      FrameTensor tensor, int t, int n, int symbol, InputKind input) {
    double[] row = new double[tensor.classes()];
    Arrays.setAll(row, c -> tensor.get(t, n, c));
    if (input == InputKind.LOGITS) {
      PeerCase.logSoftmax(row);
    }
    return row[symbol];
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("spans")
  void spans(PeerCase peer) {
    TestBatch data = peer.batch();
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
      CtcBatch batch = data.batch(PeerCase.tensor(data, type));
      List<CtcPath> got = aligner.align(batch, peer.options());
      for (int n = 0; n < data.utterances(); n++) {
        assertEquals(
            PeerCase.spans(peer.get("spans").get(n)),
            PeerCase.spans(got.get(n)),
            where(peer, type, n) + ": (label, first frame, frame after the last)");
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refusals")
  void refusals(PeerCase peer) {
    PeerContract.assertRefusals(peer, aligner.device(), aligner::align);
  }
}
