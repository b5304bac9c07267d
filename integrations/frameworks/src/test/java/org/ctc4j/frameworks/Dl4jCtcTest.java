package org.ctc4j.frameworks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.ctc4j.Backend;
import org.ctc4j.Ctc;
import org.ctc4j.InvalidInputException;
import org.ctc4j.Targets;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Convolution1D;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Sgd;

class Dl4jCtcTest {
  /** (N, C, T), a view of time-major numbers. */
  private static INDArray view(float[] values) {
    return Nd4j.createFromArray(values)
        .reshape('c', Utterances.FRAMES, Utterances.COUNT, Utterances.CLASSES)
        .permute(1, 2, 0);
  }

  private static float[] timeMajor(INDArray array) {
    return array.permute(2, 0, 1).dup('c').data().asFloat();
  }

  @ParameterizedTest
  @ValueSource(chars = {'c', 'f', 'v'})
  @DisplayName("The gradient is the reference's, of arrays in either order, and of views")
  void gradient(char order) {
    float[] values = Utterances.logits();
    INDArray logits = order == 'v' ? view(values) : view(values).dup(order);
    INDArray gradient =
        Nd4j.ones(Utterances.COUNT + 1, Utterances.CLASSES, Utterances.FRAMES)
            .get(NDArrayIndex.interval(1, Utterances.COUNT + 1));
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      CtcLosses result =
          new Dl4jCtc(ctc, Utterances.SUM)
              .lossAndGradient(logits, gradient, Utterances.targets(), Utterances.INPUT_LENGTHS);
      Utterances.assertReference(values, timeMajor(gradient), result, 1e-6);
    }
  }

  private static MultiLayerNetwork network(double rate) {
    MultiLayerConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .seed(7)
            .updater(new Sgd(rate))
            .list()
            .layer(
                new Convolution1D.Builder(1)
                    .nOut(Utterances.CLASSES)
                    .convolutionMode(ConvolutionMode.Same)
                    .activation(Activation.IDENTITY)
                    .build())
            .setInputType(InputType.recurrent(Utterances.CLASSES))
            .build();
    MultiLayerNetwork network = new MultiLayerNetwork(configuration);
    network.init();
    return network;
  }

  private static INDArray features(int[][] labels) {
    return Nd4j.createFromArray(Utterances.learnable(labels))
        .reshape('c', Utterances.LEARNED_COUNT, Utterances.LEARNED_FRAMES, Utterances.CLASSES)
        .permute(0, 2, 1);
  }

  @Test
  @DisplayName("A network learns")
  void learns() {
    int[][] labels = new int[Utterances.LEARNED_COUNT][];
    INDArray features = features(labels);
    MultiLayerNetwork network = network(1);
    double[] losses = new double[Utterances.STEPS];
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      Dl4jCtc loss = new Dl4jCtc(ctc, Utterances.MEAN);
      for (int step = 0; step < losses.length; step++) {
        losses[step] =
            loss.fit(network, features, Targets.of(labels), Utterances.learnableLengths())
                .reduced();
      }
    }
    assertEquals(Utterances.STEPS, network.getIterationCount());
    Utterances.assertLearned(losses);
  }

  @Test
  @DisplayName("A step goes down the gradient, as far as the rate says")
  void step() {
    int[][] labels = new int[Utterances.LEARNED_COUNT][];
    INDArray features = features(labels);
    double rate = 1e-3;
    MultiLayerNetwork network = network(rate);
    INDArray before = network.params().dup();
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      Dl4jCtc loss = new Dl4jCtc(ctc, Utterances.MEAN);
      int[] lengths = Utterances.learnableLengths();
      double first = loss.fit(network, features, Targets.of(labels), lengths).reduced();
      double squares = Math.pow(network.params().sub(before).norm2Number().doubleValue(), 2);
      double second = loss.fit(network, features, Targets.of(labels), lengths).reduced();
      // to first order the loss falls by rate · |gradient|², and the step is rate · |gradient|
      assertEquals(1, (first - second) / (squares / rate), 0.02);
    }
  }

  @Test
  @DisplayName("What is no logits is refused")
  void refusals() {
    try (Ctc ctc = Ctc.create(Backend.CPU)) {
      Dl4jCtc loss = new Dl4jCtc(ctc, Utterances.SUM);
      INDArray flat = Nd4j.ones(3, 2);
      InvalidInputException e =
          assertThrows(
              InvalidInputException.class,
              () -> loss.lossAndGradient(flat, flat, Utterances.targets()));
      assertEquals("expected the three dimensions (N, C, T), got 2", e.getMessage());
    }
  }
}
