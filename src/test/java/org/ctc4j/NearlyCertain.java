package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Utterances of which a model is sure, but not of where their symbols change: in those frames y and
 * the posterior are far from 0 and 1 and all but equal, and the gradient vanishes with what is left
 * for other targets.
 */
public final class NearlyCertain {
  private NearlyCertain() {}

  /** Loss within 1e-6, gradient within 1e-5 of its own norm, however small that is. */
  static void check(Ctc ctc, int frames, int classes, int labels) {
    // not Seed: margins go as far as the reference is good to with these numbers
    Random random = new Random(frames);
    // at 18 the norm is 1e-7, and the reference is good to 1e-14
    for (int margin = 2; margin <= 18; margin += 2) {
      TestBatch batch = batch(random, frames, classes, labels, margin);
      CtcResult got = ctc.lossAndGradient(batch.batch(), batch.options());
      String what = "%d frames, margin %d".formatted(frames, margin);
      try (Ctc reference = Ctc.create(Backend.REFERENCE)) {
        CtcResult expected = reference.lossAndGradient(batch.batch(), batch.options());
        for (int n = 0; n < batch.utterances(); n++) {
          Agreement.assertLoss(expected.loss(n), got.loss(n), 1e-6, () -> what);
          double ratio = ratio(expected, got, n);
          assertTrue(ratio <= 1e-5, () -> what + ": gradient error " + ratio + " of its norm");
        }
      }
    }
  }

  /**
   * Beside the table: the loss relative to itself, however small, never below 0 nor −0; gradients
   * by their norm, every entry with the right sign.
   */
  static void check(
      NearlyCertainCase one, CtcResult got, double lossTolerance, double gradientTolerance) {
    FrameTensor gradient = got.gradient();
    double least = leastOf(gradient.elements().type());
    check(one, got.loss(0), gradient, lossTolerance, gradientTolerance, least);
  }

  /**
   * The same of a loss and a gradient by themselves.
   *
   * @param gradient of the classes, and maybe of something else behind them
   * @param least what counts as nothing in a gradient
   */
  static void check(
      NearlyCertainCase one,
      double loss,
      FrameTensor gradient,
      double lossTolerance,
      double gradientTolerance,
      double least) {
    assertTrue(Double.doubleToRawLongBits(loss) >= 0, () -> one + ": loss " + loss);
    // below the least normal number there are fewer digits
    double digits = lossTolerance * one.loss() + Double.MIN_NORMAL * 0x1p-50;
    assertTrue(
        Math.abs(loss - one.loss()) <= digits,
        () -> "%s: expected loss %s, got %s".formatted(one, one.loss(), loss));
    for (NearlyCertainCase.Entry entry : one.gradient()) {
      double value = gradient.get(entry.t(), 0, entry.c());
      double error = Math.abs(value - entry.value());
      boolean sign = value * entry.value() >= 0 && (value != 0 || Math.abs(entry.value()) <= least);
      assertTrue(
          sign && error <= gradientTolerance * one.gradientNorm() + least,
          () -> "%s: expected gradient %s, got %s".formatted(one, entry, value));
    }
  }

  /** The distance of the smallest numbers. */
  private static double leastOf(ElementType type) {
    return switch (type) {
      case FLOAT64 -> Double.MIN_VALUE;
      case FLOAT32, BFLOAT16 -> Float.MIN_NORMAL;
      case FLOAT16 -> 0x1p-24;
    };
  }

  /** Logits of deviation 1, with a path to each target raised by as much as 60 nats. */
  static TestBatch random(Random random, int utterances) {
    int frames = 1 + random.nextInt(12);
    int classes = 2 + random.nextInt(5);
    TestBatch noise = TestBatch.random(random, frames, utterances, classes, 0, 1);
    int[][] targets = new int[utterances][];
    for (int n = 0; n < utterances; n++) {
      double margin = 60 * random.nextDouble();
      int used = noise.inputLengths()[n];
      List<Integer> target = new ArrayList<>();
      int before = noise.blank();
      for (int t = 0; t < used; t++) {
        int symbol = random.nextInt(classes);
        if (symbol != noise.blank() && symbol != before) {
          target.add(symbol);
        }
        before = symbol;
        noise.logits()[n][t][symbol] += margin;
      }
      targets[n] = target.stream().mapToInt(Integer::intValue).toArray();
    }
    return new TestBatch(noise.logits(), targets, noise.inputLengths(), classes, noise.blank());
  }

  /**
   * Five utterances side by side: the model is sure of the target; of the reversed target; of
   * nothing; of the target but for whether a symbol changes in a frame or in the next; of the
   * target but for frames between two labels that may have either of these or the blank.
   */
  public static TestBatch rightlyOrWrongly(Random random, int frames, int classes, int labels) {
    TestBatch noise = TestBatch.random(random, frames, 5, classes, 0, 0.5);
    int[][] targets = new int[5][];
    int states = 2 * labels + 1;
    for (int n = 0; n < 5; n++) {
      targets[n] = TestBatch.randomTarget(random, labels, classes, noise.blank());
      int[] heard = n == 1 ? reversed(targets[n]) : targets[n];
      for (int t = 0; t < frames; t++) {
        double[] row = noise.logits()[n][t];
        int state = t * states / frames;
        if (n < 2 || n == 3) {
          row[symbol(heard, state, noise.blank())] += 12;
        }
        if (n == 3) {
          row[symbol(heard, Math.min(state + t % 2, states - 1), noise.blank())] += 11.5;
        } else if (n == 4) {
          raiseOpen(row, t, targets[n], frames / labels, noise.blank());
        }
      }
    }
    int[] lengths = {frames, frames, frames, frames, frames};
    return new TestBatch(noise.logits(), targets, lengths, classes, noise.blank());
  }

  /** A frame of labels that last so many frames each, the last of which leaves three open. */
  private static void raiseOpen(double[] row, int t, int[] target, int each, int blank) {
    int i = t / each;
    boolean ends = i >= target.length || t % each == each - 1;
    row[ends ? blank : target[i]] += 14;
    if (ends && i + 1 < target.length && target[i] != target[i + 1]) {
      row[target[i]] += 14;
      row[target[i + 1]] += 14;
    }
  }

  private static int[] reversed(int[] target) {
    int[] reversed = target.clone();
    for (int i = 0; i < target.length; i++) {
      reversed[i] = target[target.length - 1 - i];
    }
    return reversed;
  }

  private static double ratio(CtcResult expected, CtcResult got, int n) {
    double error = 0;
    double norm = 0;
    for (int t = 0; t < got.gradient().frames(); t++) {
      for (int c = 0; c < got.gradient().classes(); c++) {
        double e = expected.gradient().get(t, n, c);
        norm = Math.hypot(norm, e);
        error = Math.hypot(error, got.gradient().get(t, n, c) - e);
      }
    }
    return error / norm;
  }

  private static TestBatch batch(
      Random random, int frames, int classes, int labels, double margin) {
    TestBatch noise = TestBatch.random(random, frames, 2, classes, labels, 0.5);
    int[][] targets = new int[2][];
    for (int n = 0; n < 2; n++) {
      int used = frames - n * frames / 7;
      noise.inputLengths()[n] = used;
      targets[n] = TestBatch.randomTarget(random, labels, classes, noise.blank());
      int states = 2 * labels + 1;
      for (int t = 0; t < used; t++) {
        // all states in turn; in the last frame of each, the next state's symbol will do, too
        int state = t * states / used;
        int next = Math.min(states - 1, (t + 1) * states / used);
        double[] row = noise.logits()[n][t];
        row[symbol(targets[n], state, noise.blank())] += margin;
        if (next != state) {
          row[symbol(targets[n], next, noise.blank())] += Math.max(0, margin - 3.5 * (t % 3));
        }
      }
    }
    return new TestBatch(noise.logits(), targets, noise.inputLengths(), classes, noise.blank());
  }

  private static int symbol(int[] target, int state, int blank) {
    return state % 2 == 0 ? blank : target[state / 2];
  }
}
