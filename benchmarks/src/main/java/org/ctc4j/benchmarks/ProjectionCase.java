package org.ctc4j.benchmarks;

import java.util.Random;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.ProjectedBatch;
import org.ctc4j.Projection;
import org.ctc4j.Targets;

/**
 * The numbers that projection and CTC are timed on: hidden states (T, N, D) and weight (C, D),
 * float32 and normal, such that logits are of deviation 1; no bias; random targets.
 */
record ProjectionCase(
    int frames,
    int utterances,
    int dimensions,
    int classes,
    float[] hidden,
    float[] weight,
    int[][] targets) {
  static ProjectionCase of(int frames, int utterances, int dimensions, int classes, int labels) {
    Random random = new Random(1);
    float[] hidden = new float[frames * utterances * dimensions];
    float[] weight = new float[classes * dimensions];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < weight.length; i++) {
      weight[i] = (float) (random.nextGaussian() / Math.sqrt(dimensions));
    }
    int[][] targets = new int[utterances][labels];
    for (int[] target : targets) {
      for (int i = 0; i < labels; i++) {
        target[i] = 1 + random.nextInt(classes - 1);
      }
    }
    return new ProjectionCase(frames, utterances, dimensions, classes, hidden, weight, targets);
  }

  int rows() {
    return frames * utterances;
  }

  /** Batch-major, so that the frames of an utterance are rows of one matrix. */
  ProjectedBatch batch() {
    return ProjectedBatch.of(
        FrameTensor.batchMajor(hidden, frames, utterances, dimensions),
        Projection.of(Elements.of(weight), null, classes, dimensions),
        Targets.of(targets));
  }
}
