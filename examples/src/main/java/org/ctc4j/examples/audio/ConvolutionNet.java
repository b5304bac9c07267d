package org.ctc4j.examples.audio;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv1d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import java.util.List;

/**
 * Convolutions over time: from features (N, filters, T) to logits (N, T / stride, C). The first has
 * the stride; those after it are added to what they get.
 *
 * @param channels of every layer
 * @param width of every convolution, in frames, odd
 * @param stride frames of features that become one of the model's
 * @param layers after the first
 * @param dropout share of a layer's channels that training leaves out
 */
public record ConvolutionNet(int channels, int width, int stride, int layers, float dropout) {
  public Block block(int classes) {
    SequentialBlock block =
        new SequentialBlock().add(BatchNorm.builder().build()).add(convolution(stride));
    for (int layer = 0; layer < layers; layer++) {
      block.add(
          new ParallelBlock(ConvolutionNet::sum, List.of(Blocks.identityBlock(), convolution(1))));
    }
    return block
        .add(LambdaBlock.singleton(maps -> maps.transpose(0, 2, 1), "frames"))
        .add(Linear.builder().setUnits(classes).build());
  }

  private Block convolution(int stride) {
    return new SequentialBlock()
        .add(
            Conv1d.builder()
                .setKernelShape(new Shape(width))
                .optPadding(new Shape(width / 2))
                .optStride(new Shape(stride))
                .setFilters(channels)
                .build())
        .add(BatchNorm.builder().build())
        .add(Activation.reluBlock())
        .add(Dropout.builder().optRate(dropout).build());
  }

  private static NDList sum(List<NDList> parts) {
    NDArray sum = parts.get(0).head().add(parts.get(1).head());
    return new NDList(sum);
  }
}
