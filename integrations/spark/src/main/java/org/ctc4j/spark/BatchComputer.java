package org.ctc4j.spark;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.ctc4j.CtcBatch;
import org.ctc4j.CtcNBest;
import org.ctc4j.CtcPath;
import org.ctc4j.CtcResult;
import org.ctc4j.CtcStatus;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;
import org.ctc4j.InvalidInputException;
import org.ctc4j.LabelSpan;
import org.ctc4j.Targets;
import org.ctc4j.text.Vocabulary;

/**
 * Computes utterances of one number of classes, in one call for all as long as none is refused. Not
 * thread-safe: each task has its own.
 */
final class BatchComputer {
  /** Of logits in one call, but for one utterance alone. */
  static final long MOST_BYTES = 1 << 28;

  private final Work work;
  private byte[] numbers = {}; // of the batch at work, kept for the next

  BatchComputer(Work work) {
    this.work = work;
  }

  /** Outcomes in the order of the utterances. */
  Outcome[] compute(List<Utterance> utterances) {
    Outcome[] outcomes = new Outcome[utterances.size()];
    compute(utterances, 0, outcomes);
    return outcomes;
  }

  /**
   * The library refuses a batch for the first utterance that is wrong: halves are tried until it
   * stands alone.
   */
  private void compute(List<Utterance> utterances, int at, Outcome[] outcomes) {
    if (utterances.size() > 1 && bytes(utterances) > MOST_BYTES) {
      computeHalves(utterances, at, outcomes);
      return;
    }
    try {
      Outcome[] computed =
          Engines.with(work.engine(), engine -> new Call(engine, utterances).outcomes());
      System.arraycopy(computed, 0, outcomes, at, computed.length);
    } catch (InvalidInputException e) {
      if (utterances.size() == 1) {
        outcomes[at] = Outcome.invalid(e.getMessage());
      } else {
        computeHalves(utterances, at, outcomes);
      }
    }
  }

  private void computeHalves(List<Utterance> utterances, int at, Outcome[] outcomes) {
    int half = utterances.size() / 2;
    compute(utterances.subList(0, half), at, outcomes);
    compute(utterances.subList(half, utterances.size()), at + half, outcomes);
  }

  private static long bytes(List<Utterance> utterances) {
    return utterances.stream().mapToLong(each -> each.numbers().remaining()).sum();
  }

  /** One call of the library for each thing that is asked for. */
  private final class Call {
    private final Engine engine;
    private final List<Utterance> utterances;
    private final FrameTensor logits;
    private final int[] frames;

    Call(Engine engine, List<Utterance> utterances) {
      this.engine = engine;
      this.utterances = utterances;
      this.logits = utterances.size() == 1 ? utterances.get(0).tensor() : packed(utterances);
      this.frames = utterances.stream().mapToInt(Utterance::frames).toArray();
      Vocabulary vocabulary = work.vocabulary();
      if (vocabulary != null && vocabulary.size() != logits.classes()) {
        throw new InvalidInputException(
            "classes: expected %d, the tokens of the vocabulary, got %d"
                .formatted(vocabulary.size(), logits.classes()));
      }
    }

    Outcome[] outcomes() {
      int count = utterances.size();
      int[][] labels = utterances.stream().map(Utterance::labels).toArray(int[][]::new);
      CtcBatch batch = CtcBatch.of(logits, Targets.of(labels), frames);
      CtcResult result =
          work.outputs().contains(CtcOutput.LOSS) ? engine.loss(batch, work.options()) : null;
      List<CtcPath> paths =
          work.outputs().contains(CtcOutput.ALIGNMENT) ? engine.align(batch, work.options()) : null;
      List<CtcPath> decoded = work.decodes() ? decoded() : null;
      Outcome[] outcomes = new Outcome[count];
      for (int n = 0; n < count; n++) {
        CtcStatus status = CtcStatus.OK;
        status = first(status, result == null ? null : result.status(n));
        status = first(status, paths == null ? null : paths.get(n).status());
        status = first(status, decoded == null ? null : decoded.get(n).status());
        outcomes[n] =
            new Outcome(
                RowStatus.of(status),
                utterances.get(n).reason(status),
                result == null ? null : result.loss(n),
                paths == null || paths.get(n).status() != CtcStatus.OK
                    ? null
                    : paths.get(n).spans(),
                decoded == null || decoded.get(n).status() != CtcStatus.OK
                    ? null
                    : decoded(decoded.get(n)));
      }
      return outcomes;
    }

    /** The best path of what was decoded, greedily or by the beam. */
    private List<CtcPath> decoded() {
      List<CtcPath> greedy = engine.decoder().greedy(logits, frames, work.options());
      if (work.beam() == null) {
        return greedy;
      }
      List<CtcNBest> nBests =
          engine.decoder().beamSearch(logits, frames, work.options(), work.beam());
      int[][] best =
          nBests.stream()
              .map(each -> each.hypotheses().isEmpty() ? new int[0] : each.best().labels())
              .toArray(int[][]::new);
      return engine.align(CtcBatch.of(logits, Targets.of(best), frames), work.options());
    }

    private Outcome.Decoded decoded(CtcPath path) {
      int[] labels = path.labels();
      Vocabulary vocabulary = work.vocabulary();
      return new Outcome.Decoded(
          labels, vocabulary == null ? null : vocabulary.text(labels), confidence(path.spans()));
    }
  }

  private static CtcStatus first(CtcStatus status, CtcStatus next) {
    return status == CtcStatus.OK && next != null ? next : status;
  }

  private static Double confidence(List<LabelSpan> spans) {
    double logProbability = 0;
    int frames = 0;
    for (LabelSpan span : spans) {
      logProbability += span.logProbability();
      frames += span.frames();
    }
    return frames == 0 ? null : Double.valueOf(Math.exp(logProbability / frames));
  }

  /** One after the other, without the frames that are not used. */
  private FrameTensor packed(List<Utterance> utterances) {
    int classes = utterances.get(0).classes();
    int width = utterances.get(0).type().bytes() * classes;
    int[] counts = utterances.stream().mapToInt(Utterance::frames).toArray();
    int size = Arrays.stream(counts).map(count -> count * width).sum();
    if (numbers.length < size) {
      numbers = new byte[size];
    }
    int at = 0;
    for (Utterance each : utterances) {
      each.numbers().get(each.numbers().position(), numbers, at, each.frames() * width);
      at += each.frames() * width;
    }
    ByteBuffer buffer = Utterance.littleEndian(ByteBuffer.wrap(numbers, 0, size));
    return FrameTensor.packed(Elements.of(buffer, utterances.get(0).type()), counts, classes);
  }
}
