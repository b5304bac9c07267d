package org.ctc4j.examples.nanopore;

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
import java.util.List;

/** The model: from signal (N, 1, samples) to logits (N, samples / 4 rounded up, 5). */
final class BaseCaller {
  /** Halved twice by strides. */
  static final int SAMPLES_PER_FRAME = 4;

  /** Blank, and the four bases: base b is class b + 1. */
  static final int CLASSES = 5;

  private static final int WIDTH = 64;

  private BaseCaller() {}

  static Block block() {
    SequentialBlock block =
        new SequentialBlock()
            .add(convolution(32, 9, 1, 1))
            .add(convolution(WIDTH, 9, 2, 1))
            .add(convolution(WIDTH, 9, 2, 1));
    for (int dilation = 1; dilation <= 8; dilation *= 2) {
      block.add(residual(convolution(WIDTH, 5, 1, dilation)));
    }
    return block
        .add(LambdaBlock.singleton(maps -> maps.transpose(0, 2, 1), "frames"))
        .add(Linear.builder().setUnits(CLASSES).build());
  }

  private static Block convolution(int filters, int kernel, int stride, int dilation) {
    return new SequentialBlock()
        .add(
            Conv1d.builder()
                .setKernelShape(new Shape(kernel))
                .setFilters(filters)
                .optStride(new Shape(stride))
                .optDilation(new Shape(dilation))
                .optPadding(new Shape((long) kernel / 2 * dilation))
                .build())
        .add(BatchNorm.builder().build())
        .add(Activation.reluBlock());
  }

  private static Block residual(Block layer) {
    return new ParallelBlock(
        both -> new NDList(both.get(0).head().add(both.get(1).head())),
        List.of(layer, Blocks.identityBlock()));
  }
}
