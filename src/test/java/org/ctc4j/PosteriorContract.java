package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Posteriors of classes and of states. */
public abstract class PosteriorContract extends CtcContract {
  protected PosteriorContract(TestedBackend backend) {
    super(backend);
  }

  /** Class and state posteriors, with NaN before the call wherever it is to write. */
  private CtcResult posteriorsOf(Ctc engine, CtcBatch batch, CtcOptions options) {
    ElementType type = engine.gradientType(batch.logits().elements().type());
    CtcResult result =
        CtcResult.ofLosses(batch.utterances())
            .withPosteriors(unwritten(batch.logits().zerosLike(type)))
            .withStatePosteriors(unwritten(batch.logits().zerosLike(type, states(batch))));
    engine.compute(batch, options, result);
    return result;
  }

  private static int states(CtcBatch batch) {
    return 2 * batch.targets().maxLength() + 1;
  }

  private void assertPosteriors(CtcBatch batch, CtcOptions options, String what) {
    CtcResult expected;
    try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
      expected = posteriorsOf(reference, batch, options);
    }
    CtcResult got = posteriorsOf(ctc, batch, options);
    for (int n = 0; n < batch.utterances(); n++) {
      String utterance = where(what + ", utterance " + n);
      assertEquals(expected.status(n), got.status(n), utterance);
      Agreement.assertLoss(expected.loss(n), got.loss(n), backend.lossTolerance(), () -> utterance);
      assertDistributions(batch, options, got, n, utterance);
    }
    Agreement.assertGradient(
        expected.posteriors()::get,
        got.posteriors(),
        backend.gradientTolerance(),
        () -> where(what + ", posteriors of classes"));
    Agreement.assertGradient(
        expected.statePosteriors()::get,
        got.statePosteriors(),
        backend.gradientTolerance(),
        () -> where(what + ", posteriors of states"));
  }

  /** Used frames sum to 1, by states and by classes; everything else is 0. */
  private static void assertDistributions(
      CtcBatch batch, CtcOptions options, CtcResult got, int n, String what) {
    FrameTensor ofClasses = got.posteriors();
    FrameTensor ofStates = got.statePosteriors();
    int used = got.status(n) == CtcStatus.OK ? batch.inputLength(n) : 0;
    for (int t = 0; t < ofClasses.frames(n); t++) {
      double[] sums = new double[ofClasses.classes()];
      for (int s = 0; s < ofStates.classes(); s++) {
        double posterior = ofStates.get(t, n, s);
        if (t < used && s <= 2 * batch.targets().length(n)) {
          int c = s % 2 == 0 ? options.blank() : batch.targets().label(n, s / 2);
          assertTrue(posterior >= 0, what + ": " + posterior);
          sums[c] += posterior;
        } else {
          assertEquals(0.0, posterior, what);
        }
      }
      double whole = 0;
      for (int c = 0; c < sums.length; c++) {
        assertEquals(sums[c], ofClasses.get(t, n, c), t < used ? 1e-6 : 0, what);
        whole += ofClasses.get(t, n, c);
      }
      assertEquals(t < used ? 1 : 0, whole, 1e-6, what);
    }
  }

  @Test
  @DisplayName("A posterior is the share of the target's paths that is there at that frame")
  void bruteForcePosteriors() {
    for (TestBatch batch : tinyBatches(backend.draws(1000))) {
      CtcResult got = posteriorsOf(ctc, batch.batch(), batch.options());
      for (int n = 0; n < batch.utterances(); n++) {
        double[][] used = Arrays.copyOf(batch.logits()[n], batch.inputLengths()[n]);
        BruteForce expected = new BruteForce(used, batch.targets()[n], batch.blank());
        String what = where("of %d utterances, %d".formatted(batch.utterances(), n));
        for (int t = 0; t < used.length; t++) {
          for (int c = 0; c < batch.classes(); c++) {
            assertEquals(
                expected.posterior(t, c),
                got.posteriors().get(t, n, c),
                backend.gradientTolerance(),
                what);
          }
          for (int s = 0; s <= 2 * batch.targets()[n].length; s++) {
            assertEquals(
                expected.statePosterior(t, s),
                got.statePosteriors().get(t, n, s),
                backend.gradientTolerance(),
                what);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2, 2, 1",
    "0, 2, 3, 2",
    "12, 3, 3, 4",
    "70, 3, 30, 31",
    "140, 2, 9, 64",
    "20, 2, 1300, 5",
    "300, 2, 28, 128",
    "1100, 1, 12, 512",
    "200, 2, 2, 40"
  })
  @DisplayName("Posteriors are the reference's; each used frame sums to 1, all else is 0")
  void posteriors(int frames, int utterances, int classes, int labels) {
    for (double deviation : backend.certainties(frames, labels, 0.1, 3, 50)) {
      TestBatch batch = TestBatch.random(random, frames, utterances, classes, labels, deviation);
      batch.targets()[0] = TestBatch.randomTarget(random, labels, classes, batch.blank());
      assertPosteriors(batch.batch(), batch.options(), "deviation " + deviation);
      CtcOptions scores = batch.options().withInput(InputKind.SCORES);
      assertPosteriors(batch.batch(), scores, "scores, deviation " + deviation);
    }
  }

  @ParameterizedTest
  @CsvSource({"60, 6, 8", "300, 9, 140"})
  @DisplayName("… of models that are sure of the target, of another one, or of none")
  void posteriorsOfCertainty(int frames, int classes, int labels) {
    TestBatch batch = NearlyCertain.rightlyOrWrongly(random, frames, classes, labels);
    assertPosteriors(batch.batch(), batch.options(), "rightly or wrongly sure");
  }

  @Test
  @DisplayName("… of batches made to hurt")
  void hostilePosteriors() {
    for (int i = 0; i < backend.draws(200); i++) {
      long batchSeed = seed + i;
      HostileBatch hostile = HostileBatch.of(batchSeed);
      assertPosteriors(hostile.batch(), hostile.options(), "HostileBatch.of(" + batchSeed + ")");
    }
  }

  @Test
  @DisplayName("… of frames millions of nats apart")
  void widePosteriors() {
    float[] logits = new float[400 * 4];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = i % 4 == 3 ? 0 : -0x1p24f - random.nextInt(1 << 22);
    }
    CtcBatch batch =
        CtcBatch.of(
            FrameTensor.timeMajor(logits, 400, 1, 4), Targets.of(new int[][] {{1, 1, 2, 1}}));
    assertPosteriors(batch, CtcOptions.DEFAULT, "wide");
  }

  @Test
  @DisplayName("softmax − posterior is the gradient; asking for one changes no bit of the other")
  void posteriorsBesideGradient() {
    TestBatch drawn = TestBatch.random(random, 60, 4, 9, 12, 2);
    double[] weights = {1, 0, -2, 1};
    CtcBatch batch = drawn.batch().withWeights(weights);
    CtcOptions options = drawn.options();
    CtcResult gradient = ctc.lossAndGradient(batch, options);
    CtcResult ofClasses = ctc.posteriors(batch, options);
    CtcResult ofStates = ctc.statePosteriors(batch, options);
    ElementType type = ctc.gradientType(ElementType.FLOAT32);
    CtcResult all =
        CtcResult.ofGradient(unwritten(batch.logits().zerosLike(type)))
            .withPosteriors(unwritten(batch.logits().zerosLike(type)))
            .withStatePosteriors(unwritten(batch.logits().zerosLike(type, states(batch))));
    ctc.compute(batch, options, all);
    Agreement.assertSameBits(gradient, all, () -> where("with posteriors"));
    assertSameBits(ofClasses.posteriors(), all.posteriors(), "posteriors alone");
    assertSameBits(ofStates.statePosteriors(), all.statePosteriors(), "states alone");
    CtcResult mean = posteriorsOf(ctc, drawn.batch(), options.withReduction(Reduction.MEAN));
    assertSameBits(ofClasses.posteriors(), mean.posteriors(), "weights take no part");
    CtcResult plain = ctc.lossAndGradient(drawn.batch(), options);
    for (int n = 0; n < 4; n++) {
      for (int t = 0; t < drawn.inputLengths()[n]; t++) {
        double sum = Arrays.stream(drawn.logits()[n][t]).map(Math::exp).sum();
        for (int c = 0; c < 9; c++) {
          double softmax = Math.exp(drawn.logits()[n][t][c]) / sum;
          double expected =
              plain.status(n) == CtcStatus.OK ? softmax - plain.gradient().get(t, n, c) : 0;
          assertEquals(expected, all.posteriors().get(t, n, c), 1e-6, where("softmax − gradient"));
        }
      }
    }
  }

  private void assertSameBits(FrameTensor expected, FrameTensor got, String what) {
    for (int n = 0; n < expected.utterances(); n++) {
      for (int t = 0; t < expected.frames(n); t++) {
        for (int c = 0; c < expected.classes(); c++) {
          long bits = Double.doubleToRawLongBits(expected.get(t, n, c));
          assertEquals(bits, Double.doubleToRawLongBits(got.get(t, n, c)), where(what));
        }
      }
    }
  }

  @Test
  @DisplayName("Posteriors have the same bits for any threads, memory and order of utterances")
  void posteriorBits() {
    TestBatch batch = TestBatch.random(random, 300, 5, 7, 60, 2);
    CtcResult expected = posteriorsOf(ctc, batch.batch(), batch.options());
    for (EngineOptions options :
        new EngineOptions[] {
          EngineOptions.DEFAULT.withThreads(1),
          EngineOptions.DEFAULT.withThreads(3),
          EngineOptions.DEFAULT.withWorkspaceBytes(1)
        }) {
      try (Ctc other = backend.engine(options)) {
        CtcResult got = posteriorsOf(other, batch.batch(), batch.options());
        assertSameBits(expected.posteriors(), got.posteriors(), options.toString());
        assertSameBits(expected.statePosteriors(), got.statePosteriors(), options.toString());
      }
    }
    CtcResult turned = posteriorsOf(ctc, batch.permuted(4, 2, 0, 1, 3).batch(), batch.options());
    for (int t = 0; t < 300; t++) {
      for (int s = 0; s < expected.statePosteriors().classes(); s++) {
        assertEquals(
            expected.statePosteriors().get(t, 2, s),
            turned.statePosteriors().get(t, 1, s),
            where("order"));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(ElementType.class)
  @DisplayName("Posteriors go to any layout and element type, packed ones too")
  void posteriorLayouts(ElementType type) {
    TestBatch batch = TestBatch.random(random, 15, 4, 6, 5, 2);
    int[] lengths = batch.inputLengths();
    FrameTensor padded = batch.timeMajor();
    FrameTensor packed =
        batch.fill(
            FrameTensor.packed(
                Elements.of(new float[Arrays.stream(lengths).sum() * 6]), lengths, 6));
    CtcResult expected = posteriorsOf(ctc, batch.batch(), batch.options());
    int states = expected.statePosteriors().classes();
    FrameTensor[][] places = {
      {
        FrameTensor.batchMajor(Elements.allocate(type, 15 * 4 * 6), 15, 4, 6),
        FrameTensor.strided(
            Elements.allocate(type, 15 * 4 * 2 * states + 3),
            3,
            15,
            4,
            states,
            new Strides(2, 30L * states, 30))
      },
      {packed.zerosLike(type), packed.zerosLike(type, states)}
    };
    double unit =
        switch (type) {
          case FLOAT16 -> 0x1p-11;
          case BFLOAT16 -> 0x1p-8;
          default -> 0x1p-23;
        };
    for (int i = 0; i < 2; i++) {
      CtcBatch again = CtcBatch.of(i == 0 ? padded : packed, Targets.of(batch.targets()), lengths);
      CtcResult got =
          CtcResult.ofLosses(4)
              .withPosteriors(unwritten(places[i][0]))
              .withStatePosteriors(unwritten(places[i][1]));
      ctc.compute(again, batch.options(), got);
      for (int n = 0; n < 4; n++) {
        for (int t = 0; t < got.posteriors().frames(n); t++) {
          for (int c = 0; c < 6; c++) {
            double e = expected.posteriors().get(t, n, c);
            assertEquals(e, got.posteriors().get(t, n, c), e * unit * 1.01 + 0x1p-25);
          }
          for (int s = 0; s < states; s++) {
            double e = expected.statePosteriors().get(t, n, s);
            assertEquals(e, got.statePosteriors().get(t, n, s), e * unit * 1.01 + 0x1p-25);
          }
        }
      }
    }
  }

  @Test
  @DisplayName("Places for posteriors of another shape, or that share memory, are refused")
  void refusedPosteriors() {
    TestBatch batch = TestBatch.random(random, 8, 2, 4, 3, 1);
    batch.targets()[0] = TestBatch.randomTarget(random, 3, 4, batch.blank());
    FrameTensor logits = batch.timeMajor();
    FrameTensor place = FrameTensor.timeMajor(new float[8 * 2 * 7], 8, 2, 7);
    CtcResult losses = CtcResult.ofLosses(2);
    assertRefused(
        batch.batch(logits),
        batch.options(),
        losses.withPosteriors(place),
        "posteriors: expected the shape of the logits, (T, N, C) = (8, 2, 4), got (T, N, C) = (8, 2, 7)");
    assertRefused(
        batch.batch(logits),
        batch.options(),
        losses.withStatePosteriors(FrameTensor.timeMajor(new float[9 * 2 * 7], 9, 2, 7)),
        "state posteriors: expected the 2 Lmax + 1 states of the frames, (T, N, C) = (8, 2, 7), got (T, N, C) = (9, 2, 7)");
    assertRefused(
        batch.batch(logits),
        batch.options(),
        losses.withPosteriors(logits),
        "posteriors: it overlaps the logits in memory");
    FrameTensor gradient = FrameTensor.timeMajor(new float[8 * 2 * 4], 8, 2, 4);
    assertRefused(
        batch.batch(logits),
        batch.options(),
        CtcResult.ofGradient(gradient).withPosteriors(gradient),
        "posteriors: it overlaps the gradient in memory");
    InvalidInputException count =
        assertThrows(
            InvalidInputException.class,
            () -> losses.withPosteriors(FrameTensor.timeMajor(new float[9], 1, 3, 3)));
    assertEquals("posteriors: expected room for 2 utterances, got 3", count.getMessage());
  }

  private void assertRefused(CtcBatch batch, CtcOptions options, CtcResult result, String message) {
    InvalidInputException refusal =
        assertThrows(InvalidInputException.class, () -> ctc.compute(batch, options, result));
    assertEquals(message, refusal.getMessage());
  }
}
