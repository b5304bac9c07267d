package org.ctc4j.examples.audio;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.dataset.Batch;
import ai.djl.translate.Batchifier;
import java.util.List;

/**
 * What is to be heard, and what was said or played.
 *
 * @param labels classes, without blanks
 */
public record Utterance(String name, Features features, int[] labels) {
  /** Frames of a model that takes {@code stride} frames of features for one. */
  public int frames(int stride) {
    return (features.frames() + stride - 1) / stride;
  }

  /** Whether the labels have room in the model's frames: one each, and a blank between equals. */
  public boolean fits(int stride) {
    int needed = labels.length;
    for (int i = 1; i < labels.length; i++) {
      needed += labels[i] == labels[i - 1] ? 1 : 0;
    }
    return needed <= frames(stride);
  }

  /**
   * A batch: features (N, filters, T), silence after each utterance's end; targets (N, Lmax),
   * target lengths and input lengths.
   *
   * @param stride of the model: T is a multiple of it
   */
  public static Batch batch(NDManager parent, List<Utterance> utterances, int stride) {
    int size = utterances.size();
    int filters = utterances.get(0).features.filters();
    int frames = utterances.stream().mapToInt(u -> u.frames(stride)).max().orElse(0) * stride;
    int longest = utterances.stream().mapToInt(u -> u.labels.length).max().orElse(0);
    float[] data = new float[size * filters * frames];
    int[] targets = new int[size * longest];
    int[] targetLengths = new int[size];
    int[] inputLengths = new int[size];
    for (int n = 0; n < size; n++) {
      Utterance utterance = utterances.get(n);
      for (int f = 0; f < filters; f++) {
        for (int t = 0; t < utterance.features.frames(); t++) {
          data[(n * filters + f) * frames + t] = utterance.features.at(t, f);
        }
      }
      targetLengths[n] = utterance.labels.length;
      inputLengths[n] = utterance.frames(stride);
      System.arraycopy(utterance.labels, 0, targets, n * longest, targetLengths[n]);
    }
    NDManager manager = parent.newSubManager();
    NDList labels =
        new NDList(
            manager.create(targets, new Shape(size, longest)),
            manager.create(targetLengths),
            manager.create(inputLengths));
    NDList input = new NDList(manager.create(data, new Shape(size, filters, frames)));
    return new Batch(manager, input, labels, size, Batchifier.STACK, Batchifier.STACK, 0, 1);
  }
}
