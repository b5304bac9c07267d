package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Outputs of greedy decoding and beam search that the tests of other libraries state. */
class PeerDecoderTest {
  private final CtcDecoder decoder = CtcDecoder.create();

  static List<PeerCase> greedy() {
    return PeerCase.stating("greedy");
  }

  static List<PeerCase> beam() {
    return PeerCase.stating("beam");
  }

  static List<PeerCase> collapse() {
    return PeerCase.stating("collapse");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("greedy")
  void greedy(PeerCase peer) {
    TestBatch data = peer.batch();
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
      FrameTensor tensor = PeerCase.tensor(data, type);
      List<CtcPath> paths = decoder.greedy(tensor, data.inputLengths(), peer.options());
      for (int n = 0; n < data.utterances(); n++) {
        CtcPath got = paths.get(n);
        String where = "%s, utterance %d, %s".formatted(peer.what(), n, type);
        assertEquals(
            Arrays.toString(PeerCase.ints(peer.get("greedy").get(n))),
            Arrays.toString(got.labels()),
            where);
        if (peer.get("greedyLogProbability").has(n)) {
          double rounding = type == ElementType.FLOAT32 ? 1e-7 : 1e-14;
          PeerCase.assertStated(
              peer.get("greedyLogProbability").get(n), got.logProbability(), rounding, where);
        }
        if (peer.get("spans").has(n)) {
          assertEquals(
              PeerCase.spans(peer.get("spans").get(n)),
              PeerCase.spans(got),
              where + ": (label, first frame, frame after the last)");
        }
        if (!peer.get("phred").isMissingNode()) {
          assertEquals(peer.get("phred").asText(), phred(got), where + ": quality");
        }
      }
    }
  }

  /** As a FASTQ file has it: 33 + −10 log₁₀(1 − the mean probability) of each label, in ASCII. */
  private static String phred(CtcPath path) {
    StringBuilder qualities = new StringBuilder();
    for (LabelSpan span : path.spans()) {
      double sum = 0;
      for (int t = span.start(); t < span.end(); t++) {
        sum += Math.exp(path.logProbability(t));
      }
      long quality = Math.round(-10 * Math.log10(1 - sum / span.frames()));
      qualities.append((char) (33 + quality));
    }
    return qualities.toString();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("beam")
  void beam(PeerCase peer) {
    TestBatch data = peer.batch().alone(0);
    JsonNode beam = peer.get("beam");
    JsonNode outputs = beam.get("outputs");
    BeamOptions options =
        BeamOptions.DEFAULT
            .withBeamWidth(beam.get("width").intValue())
            .withNBest(outputs.size())
            .withTopClasses(data.classes());
    for (ElementType type : List.of(ElementType.FLOAT32, ElementType.FLOAT64)) {
      FrameTensor tensor = PeerCase.tensor(data, type);
      String where = "%s, %s".formatted(peer.what(), type);
      List<CtcHypothesis> got =
          search(peer, tensor, data.inputLengths(), options).hypotheses().stream()
              .sorted(
                  beam.has("inAnyOrder")
                      ? Comparator.comparing(CtcHypothesis::labels, Arrays::compare)
                      : Comparator.comparing(h -> 0))
              .toList();
      assertEquals(outputs.size(), got.size(), where);
      for (int i = 0; i < outputs.size(); i++) {
        String output = where + ", output " + i;
        assertEquals(
            Arrays.toString(PeerCase.ints(outputs.get(i).get(0))),
            Arrays.toString(got.get(i).labels()),
            output);
        if (outputs.get(i).has(1)) {
          double rounding = type == ElementType.FLOAT32 ? 1e-6 : 1e-13;
          PeerCase.assertStated(
              outputs.get(i).get(1), got.get(i).logProbability(), rounding, output);
        }
      }
    }
  }

  private CtcNBest search(
      PeerCase peer, FrameTensor logits, int[] inputLengths, BeamOptions options) {
    JsonNode beam = peer.get("beam");
    if (!beam.has("hotWord")) {
      return decoder.beamSearch(logits, inputLengths, peer.options(), options).get(0);
    }
    HotWords hotWords =
        HotWords.of(List.of(PeerCase.ints(beam.get("hotWord"))), beam.get("bonus").doubleValue());
    return decoder.beamSearch(logits, inputLengths, peer.options(), options, hotWords).get(0);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("collapse")
  void collapse(PeerCase peer) {
    int[][] paths = PeerCase.labels(peer.get("certain"));
    for (int n = 0; n < paths.length; n++) {
      assertEquals(
          Arrays.toString(PeerCase.ints(peer.get("collapse").get(n))),
          Arrays.toString(CtcPaths.collapse(paths[n], peer.options().blank())),
          peer.what() + ", path " + n);
    }
  }
}
