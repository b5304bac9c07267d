package org.ctc4j.benchmarks;

import java.util.Arrays;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** As {@link ProjectionTimes}: PyTorch's linear, log_softmax and ctc_loss, and their backward. */
public final class PyTorchProjection {
  private static final long BLANK = 0;
  private static final long NO_REDUCTION = 0;

  private PyTorchProjection() {}

  /**
   * @param args T, N, D, C, L, threads, seconds
   */
  @SuppressWarnings("try") // the scope frees what is made within it
  public static void main(String[] args) throws Exception {
    int[] numbers = Arrays.stream(args).mapToInt(Integer::parseInt).toArray();
    ProjectionCase c =
        ProjectionCase.of(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
    int threads = numbers[5];
    torch.set_num_threads(threads);
    Tensor hidden =
        Tensor.create(c.hidden(), c.utterances(), c.frames(), c.dimensions())
            .transpose(0, 1)
            .contiguous()
            .requires_grad_(true);
    Tensor weight = Tensor.create(c.weight(), c.classes(), c.dimensions()).requires_grad_(true);
    long[] labels =
        Arrays.stream(c.targets()).flatMapToInt(Arrays::stream).asLongStream().toArray();
    Tensor targets = Tensor.create(labels, c.utterances(), numbers[4]);
    long[] inputLengths = new long[c.utterances()];
    long[] targetLengths = new long[c.utterances()];
    Arrays.fill(inputLengths, c.frames());
    Arrays.fill(targetLengths, numbers[4]);
    ProjectionTimes.report(
        "PyTorch",
        c,
        threads,
        numbers[6],
        () -> {
          hidden.mutable_grad().reset();
          weight.mutable_grad().reset();
          try (PointerScope scope = new PointerScope()) {
            Tensor logits = torch.linear(hidden, weight);
            Tensor sum =
                torch
                    .ctc_loss(
                        torch.log_softmax(logits, 2),
                        targets,
                        inputLengths,
                        targetLengths,
                        BLANK,
                        NO_REDUCTION,
                        false)
                    .sum();
            sum.backward();
            return sum.item_float();
          }
        },
        null);
  }
}
