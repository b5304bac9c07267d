package org.ctc4j.djl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.TranslatorContext;
import java.util.List;
import org.ctc4j.BeamOptions;
import org.ctc4j.CtcOptions;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Wildcards;
import org.ctc4j.text.ErrorCounts;
import org.ctc4j.text.Vocabulary;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class TextTest {
  private static final Vocabulary VOCABULARY =
      Vocabulary.of(List.of("<blank>", "a", "b", "c", "<space>"));

  /** Logits (1, T, 5) whose greedy path is the given one, or (T, 5). */
  private static NDArray path(NDManager manager, int... classes) {
    float[] logits = new float[5 * classes.length];
    for (int t = 0; t < classes.length; t++) {
      logits[5 * t + classes[t]] = 8;
    }
    return manager.create(logits, new Shape(classes.length, 5));
  }

  private static NDList labels(NDManager manager, int... target) {
    return new NDList(manager.create(target, new Shape(1, target.length)));
  }

  @Test
  @DisplayName("Errors are counted over all batches, not averaged over them")
  void errorRates() {
    CtcErrorRate labels = CtcErrorRate.labels(CtcOptions.DEFAULT, FrameLayout.BATCH_MAJOR);
    CtcErrorRate words = CtcErrorRate.words(VOCABULARY, CtcOptions.DEFAULT, FrameLayout.TIME_MAJOR);
    CtcErrorRate characters =
        CtcErrorRate.characters(VOCABULARY, CtcOptions.DEFAULT, FrameLayout.TIME_MAJOR);
    for (CtcErrorRate rate : List.of(labels, words, characters)) {
      rate.addAccumulator("epoch");
    }
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray read = path(manager, 1, 1, 0, 4, 2, 0, 3); // "a bc"
      NDList batchMajor = new NDList(read.expandDims(0));
      NDList timeMajor = new NDList(read.expandDims(1));
      assertEquals(0, labels.evaluate(labels(manager, 1, 4, 2, 3), batchMajor).getFloat());
      labels.updateAccumulators(new String[] {"epoch"}, labels(manager, 1, 4, 2, 3), batchMajor);
      labels.updateAccumulators(new String[] {"epoch"}, labels(manager, 1), batchMajor);
      assertEquals(new ErrorCounts(5, 0, 3, 0), labels.counts("epoch"));
      assertEquals(3f / 5, labels.getAccumulator("epoch"));
      words.updateAccumulator("epoch", labels(manager, 1, 4, 2, 2), timeMajor);
      assertEquals(new ErrorCounts(1, 1, 0, 0), words.counts("epoch"));
      characters.updateAccumulator("epoch", labels(manager, 1, 4, 2, 2), timeMajor);
      assertEquals(new ErrorCounts(3, 1, 0, 0), characters.counts("epoch"));
      characters.resetAccumulator("epoch");
      assertEquals(ErrorCounts.NONE, characters.counts("epoch"));
      assertThrows(IllegalArgumentException.class, () -> words.getAccumulator("none"));
    }
  }

  @Test
  @DisplayName("Targets with wildcards are left out of error rates, which are NaN of nothing else")
  void wildcards() {
    CtcErrorRate rate = CtcErrorRate.words(VOCABULARY, CtcOptions.DEFAULT, FrameLayout.BATCH_MAJOR);
    rate.resetAccumulator("epoch");
    try (NDManager manager = NDManager.newBaseManager()) {
      NDList one = new NDList(path(manager, 1, 0, 2).expandDims(0));
      rate.updateAccumulator("epoch", labels(manager, 1, Wildcards.FRAMES), one);
      assertTrue(Float.isNaN(rate.getAccumulator("epoch")));
      assertTrue(Float.isNaN(rate.evaluate(labels(manager, Wildcards.LABELS), one).getFloat()));
      NDList both = new NDList(path(manager, 1, 0, 2, 1, 4, 2).reshape(2, 3, 5));
      NDList labels = new NDList(manager.create(new int[] {1, Wildcards.LABELS, 1, 2}));
      labels.add(manager.create(new int[] {2, 2}));
      rate.updateAccumulator("epoch", labels, both);
      assertEquals(new ErrorCounts(0, 1, 1, 0), rate.counts("epoch")); // "a b" for "ab"
      assertEquals(2, rate.getAccumulator("epoch"));
    }
  }

  @Test
  @DisplayName("Frames beyond an utterance's input length are not decoded")
  void inputLengths() {
    CtcErrorRate rate = CtcErrorRate.labels(CtcOptions.DEFAULT, FrameLayout.BATCH_MAJOR);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDList labels =
          new NDList(
              manager.create(new int[] {1}),
              manager.create(new int[] {1}),
              manager.create(new long[] {2}));
      NDList predictions = new NDList(path(manager, 1, 0, 3, 3).expandDims(0));
      assertEquals(0, rate.evaluate(labels, predictions).getFloat());
    }
  }

  private static final class Identity extends CtcTranslator<NDArray> {
    Identity(BeamOptions beam) {
      super(VOCABULARY, CtcOptions.DEFAULT, beam);
    }

    @Override
    public NDList processInput(TranslatorContext context, NDArray input) {
      return new NDList(input);
    }
  }

  @Test
  @DisplayName("Logits become text, greedily and by a beam search")
  void translator() {
    try (NDManager manager = NDManager.newBaseManager()) {
      NDList outputs = new NDList(path(manager, 1, 1, 0, 1, 4, 3));
      assertEquals("aa c", new Identity(null).processOutput(null, outputs));
      assertEquals("aa c", new Identity(BeamOptions.DEFAULT).processOutput(null, outputs));
      NDList spoiled = new NDList(manager.full(new Shape(3, 5), Float.NaN));
      for (BeamOptions beam : new BeamOptions[] {null, BeamOptions.DEFAULT}) {
        assertThrows(
            InvalidInputException.class, () -> new Identity(beam).processOutput(null, spoiled));
      }
    }
  }

  @Test
  @DisplayName("Ragged targets are batched and taken apart again")
  void batches() {
    TargetsBatchifier batchifier = new TargetsBatchifier();
    try (NDManager manager = NDManager.newBaseManager()) {
      NDList[] records = {
        new NDList(manager.create(new int[] {1, 2, 3}), manager.create(30)),
        new NDList(manager.create(new int[0], new Shape(0)), manager.create(7)),
        new NDList(manager.create(new int[] {4}), manager.create(new int[] {12})),
      };
      NDList batch = batchifier.batchify(records);
      assertArrayEquals(new int[] {1, 2, 3, 4}, batch.get(0).toIntArray());
      assertArrayEquals(new long[] {3, 0, 1}, batch.get(1).toLongArray());
      assertArrayEquals(new int[] {30, 7, 12}, batch.get(2).toIntArray());
      NDList[] apart = batchifier.unbatchify(batch);
      assertEquals(3, apart.length);
      assertArrayEquals(new int[] {1, 2, 3}, apart[0].get(0).toIntArray());
      assertEquals(0, apart[1].get(0).size());
      assertEquals(12, apart[2].get(1).getInt());
      NDList[] halves = batchifier.split(batch, 2, false);
      assertArrayEquals(new int[] {1, 2, 3}, halves[0].get(0).toIntArray());
      assertArrayEquals(new int[] {4}, halves[1].get(0).toIntArray());
      InvalidInputException e =
          assertThrows(
              InvalidInputException.class,
              () -> batchifier.batchify(new NDList[] {records[0], new NDList(records[1].get(0))}));
      assertEquals(
          "record 1: expected a target and a number of frames, got 1 arrays", e.getMessage());
    }
  }
}
