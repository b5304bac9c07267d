package org.ctc4j.examples.audio;

import ai.djl.ndarray.NDManager;
import ai.djl.training.dataset.Batch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.ctc4j.examples.CtcTraining;

/**
 * Batches to train with, over and over: each time all utterances in another order, those of a batch
 * about as long as each other, so that little of it is padding.
 */
public final class Epochs implements CtcTraining.BatchSource {
  /** Batches whose utterances are sorted by length. */
  private static final int SORTED = 8;

  private final List<Utterance> utterances;
  private final int size;
  private final int frames;
  private final int stride;
  private final UnaryOperator<Utterance> variation;
  private final Random random;
  private final Deque<List<Utterance>> batches = new ArrayDeque<>();

  /**
   * @param size utterances of a batch, at most
   * @param frames of features of a batch with its padding, at most, if it has two utterances
   * @param stride of the model
   * @param variation what is done to an utterance each time that it is used
   */
  public Epochs(
      List<Utterance> utterances,
      int size,
      int frames,
      int stride,
      UnaryOperator<Utterance> variation) {
    if (utterances.isEmpty()) {
      throw new IllegalArgumentException("expected one or more utterances, got none");
    }
    this.utterances = new ArrayList<>(utterances);
    this.size = size;
    this.frames = frames;
    this.stride = stride;
    this.variation = variation;
    this.random = new Random(CtcTraining.SEED);
  }

  @Override
  public Batch next(NDManager manager) {
    if (batches.isEmpty()) {
      shuffle();
    }
    List<Utterance> varied = batches.remove().stream().map(variation).toList();
    return Utterance.batch(manager, varied, stride);
  }

  private void shuffle() {
    Collections.shuffle(utterances, random);
    List<List<Utterance>> all = new ArrayList<>();
    for (int start = 0; start < utterances.size(); start += SORTED * size) {
      int end = Math.min(start + SORTED * size, utterances.size());
      List<Utterance> part = new ArrayList<>(utterances.subList(start, end));
      part.sort(Comparator.comparingInt(u -> u.features().frames()));
      List<Utterance> batch = new ArrayList<>();
      for (Utterance utterance : part) {
        boolean isFull = (batch.size() + 1) * utterance.features().frames() > frames;
        if (batch.size() == size || isFull && !batch.isEmpty()) {
          all.add(batch);
          batch = new ArrayList<>();
        }
        batch.add(utterance);
      }
      all.add(batch);
    }
    Collections.shuffle(all, random);
    batches.addAll(all);
  }
}
