package org.ctc4j.frameworks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PyTorchCtcTest {
  private static Tensor tensor(float[] values) {
    return Tensor.create(values, Utterances.FRAMES, Utterances.COUNT, Utterances.CLASSES);
  }

  private static float[] floats(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.numel())];
    tensor.to(torch.ScalarType.Float).contiguous().data_ptr_float().get(values);
    return values;
  }

  @Test
  @DisplayName("The gradient that arrives at the logits is the reference's")
  void gradient() {
    float[] values = Utterances.logits();
    Tensor logits = tensor(values).requires_grad_(true);
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      CtcLosses result =
          new PyTorchCtc(ctc, Utterances.SUM)
              .backward(logits, Utterances.targets(), Utterances.INPUT_LENGTHS);
      Utterances.assertReference(values, floats(logits.grad()), result, 1e-6);
    }
  }

  @Test
  @DisplayName(
      "Logits that are a view, batch-major with a gap, are read and written in their order")
  void strides() {
    float[] values = Utterances.logits();
    Tensor batchMajor = tensor(values).transpose(0, 1).contiguous();
    Tensor wide = torch.zeros(Utterances.COUNT, Utterances.FRAMES, Utterances.CLASSES + 3);
    wide.narrow(2, 2, Utterances.CLASSES).copy_(batchMajor);
    wide.requires_grad_(true);
    Tensor logits = wide.narrow(2, 2, Utterances.CLASSES).transpose(0, 1);
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      CtcLosses result =
          new PyTorchCtc(ctc, Utterances.SUM)
              .backward(logits, Utterances.targets(), Utterances.INPUT_LENGTHS);
      Tensor gradient = wide.grad().narrow(2, 2, Utterances.CLASSES).transpose(0, 1);
      Utterances.assertReference(values, floats(gradient), result, 1e-6);
      assertEquals(0, wide.grad().narrow(2, 0, 2).abs().sum().item_float());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = torch.ScalarType.class,
      names = {"Double", "Half", "BFloat16"})
  @DisplayName("Other types of numbers have a gradient of theirs")
  void types(torch.ScalarType type) {
    Tensor logits = tensor(Utterances.logits()).to(type).detach().requires_grad_(true);
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      CtcLosses result =
          new PyTorchCtc(ctc, Utterances.SUM)
              .backward(logits, Utterances.targets(), Utterances.INPUT_LENGTHS);
      assertEquals(type, logits.grad().scalar_type().intern());
      // the gradient is rounded to 53, 11 or 8 bits
      double bound = type == torch.ScalarType.Double ? 1e-6 : 1e-2;
      Utterances.assertReference(floats(logits), floats(logits.grad()), result, bound);
    }
  }

  @Test
  @DisplayName("A linear model learns")
  void learns() {
    int[][] labels = new int[Utterances.LEARNED_COUNT][];
    Tensor features =
        Tensor.create(
            Utterances.learnable(labels),
            Utterances.LEARNED_COUNT,
            Utterances.LEARNED_FRAMES,
            Utterances.CLASSES);
    Tensor weight = torch.zeros(Utterances.CLASSES, Utterances.CLASSES).requires_grad_(true);
    SGD optimizer = new SGD(new TensorVector(weight), new SGDOptions(1));
    double[] losses = new double[Utterances.STEPS];
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      PyTorchCtc loss = new PyTorchCtc(ctc, Utterances.MEAN);
      for (int step = 0; step < losses.length; step++) {
        optimizer.zero_grad();
        Tensor logits = features.matmul(weight).transpose(0, 1);
        losses[step] =
            loss.backward(logits, Targets.of(labels), Utterances.learnableLengths()).reduced();
        optimizer.step();
      }
    }
    Utterances.assertLearned(losses);
  }

  private static void refused(String message, Runnable call) {
    InvalidInputException e = assertThrows(InvalidInputException.class, call::run);
    assertEquals(message, e.getMessage());
  }

  @Test
  @DisplayName("What is no logits is refused, and what is not on a GPU where it has to be")
  void refusals() {
    Tensor integers = torch.ones(Utterances.COUNT).to(torch.ScalarType.Int);
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      PyTorchCtc loss = new PyTorchCtc(ctc, Utterances.SUM);
      refused(
          "logits: expected the three dimensions (T, N, C), got 1",
          () -> loss.backward(integers, Utterances.targets(), Utterances.INPUT_LENGTHS));
      refused(
          "logits: expected Float, Double, Half or BFloat16, got Int",
          () ->
              loss.backward(
                  integers.reshape(1, 5, 1), Utterances.targets(), Utterances.INPUT_LENGTHS));
    }
    Tensor logits = tensor(Utterances.logits());
    refused(
        "logits: expected a tensor on a GPU, got one on cpu",
        () -> PyTorchCudaCtc.batch(logits, integers.reshape(5, 1), integers, integers));
  }
}
