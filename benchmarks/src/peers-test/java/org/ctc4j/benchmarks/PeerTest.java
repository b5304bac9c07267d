package org.ctc4j.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.CtcOptions;
import org.ctc4j.CtcResult;
import org.ctc4j.FrameTensor;
import org.ctc4j.bench.Shape;
import org.ctc4j.bench.Workload;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every peer computes what we do: short utterances, on which float32 is still exact. */
class PeerTest {
  private static final Shape RAGGED = new Shape("ragged", 40, 6, 12, 9, true);

  @ParameterizedTest
  @EnumSource
  void agreesWithTheReference(PeerKind kind) {
    assertAgreement(kind, Workload.of(Shape.of("warp-en-16")), 1);
  }

  @ParameterizedTest
  @EnumSource
  void agreesOnRaggedBatches(PeerKind kind) {
    assertAgreement(kind, Workload.of(RAGGED), 2);
  }

  private static void assertAgreement(PeerKind kind, Workload workload, int threads) {
    try (Ctc ctc = Ctc.create(Backend.REFERENCE);
        Peer peer = kind.open(workload, threads)) {
      CtcResult reference = ctc.lossAndGradient(workload.batch(), CtcOptions.DEFAULT);
      peer.lossAndGradient();
      Agreement agreement = Agreement.of(peer.losses(), peer.gradient(), reference);
      assertTrue(agreement.lossError() < 1e-5, kind + ": " + agreement);
      assertTrue(agreement.gradientError() < 1e-3, kind + ": " + agreement);
    }
  }

  /** A benchmark calls it again and again: nothing may add up. */
  @ParameterizedTest
  @EnumSource
  void secondCallGivesTheSame(PeerKind kind) {
    Workload workload = Workload.of(RAGGED);
    try (Peer peer = kind.open(workload, 1)) {
      peer.lossAndGradient();
      FrameTensor first = peer.gradient();
      peer.lossAndGradient();
      FrameTensor second = peer.gradient();
      for (int t = 0; t < 40; t++) {
        for (int n = 0; n < 6; n++) {
          for (int c = 0; c < 12; c++) {
            assertEquals(first.get(t, n, c), second.get(t, n, c), 1e-6);
          }
        }
      }
    }
  }
}
