package org.ctc4j.cuda;

import java.nio.ByteBuffer;
import jcuda.Pointer;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;

/**
 * The {@code CtcProjection} that the kernels of kernels/projection.cu take, byte by byte as it is
 * declared there. As with {@link ParameterBlock} the driver copies it at every launch, so it may be
 * changed after one. Not thread-safe.
 */
final class ProjectionBlock implements AutoCloseable {
  private static final int BYTES = 344;
  private static final int FLAG_ACTIVE = 1;
  private static final int FLAG_KEEP = 2;

  private static final DeviceTensor NO_TENSOR =
      new DeviceTensor(0, ElementType.FLOAT32, 0, 0, 0, 0);

  private final PinnedMemory memory;
  private final ByteBuffer values;
  private final Pointer pointers;

  ProjectionBlock() {
    memory = new PinnedMemory(BYTES + 8, () -> "kernel arguments");
    values = memory.buffer();
    values.putLong(BYTES, memory.address());
    pointers = memory.pointer(BYTES);
  }

  /** What {@code cuLaunchKernel} takes as {@code kernelParams}. */
  Pointer pointers() {
    return pointers;
  }

  /**
   * For the first pass.
   *
   * @param base device address of the workspace
   */
  void setCall(ProjectionCall call, ProjectionWorkspace at, long base) {
    DeviceBatch frames = call.frames();
    DeviceProjectedResult result = call.result();
    DeviceTensor gradient = result.losses().gradient();
    putTensor(0, frames.logits());
    putTensor(40, gradient == null ? NO_TENSOR : gradient);
    values.putLong(80, call.projection().bias());
    values.putLong(88, result.weightGradient());
    values.putLong(96, result.biasGradient());
    values.putLong(104, base + at.compactAt);
    values.putLong(112, call.rowStarts());
    values.putLong(120, base + at.rowUtterance);
    values.putLong(128, base + at.sums);
    values.putLong(136, base + at.columnClass);
    values.putLong(144, base + at.columnCount);
    values.putLong(152, base + at.targets);
    values.putLong(160, base + at.targetLength);
    values.putLong(168, base + at.tableStart);
    values.putLong(176, base + at.table);
    values.putLong(184, base + at.tableGradient);
    values.putLong(192, base + at.copy);
    values.putLong(200, base + at.logits);
    for (int i = 0; i < 3; i++) {
      values.putLong(208 + 8 * i, i < at.parts ? base + at.part(i) : 0);
    }
    values.putLong(232, base + at.hiddenSum);
    values.putLong(240, base + at.weightSum);
    values.putLong(248, base + at.biasSum);
    values.putLong(256, base + at.scale);
    values.putLong(264, result.losses().losses());
    values.putInt(272, frames.utterances());
    values.putInt(276, frames.frames());
    values.putInt(280, frames.targets().maxLength());
    values.putInt(284, call.projection().classes());
    values.putInt(288, call.projection().dimensions());
    values.putInt(292, call.width());
    values.putInt(296, call.options().blank());
    values.putInt(300, call.rows());
    values.putInt(320, at.pitch);
    values.putInt(324, gradient == null ? 0 : gradient.type().ordinal());
    values.putInt(328, result.type().ordinal());
    values.putInt(332, result.type().ordinal());
    values.putInt(336, 0);
  }

  /**
   * From here on for the second pass.
   *
   * @param keep whether the gradient of the logits is wanted in float32, too
   */
  void setSecondPass(boolean keep) {
    values.putInt(336, FLAG_ACTIVE | (keep ? FLAG_KEEP : 0));
  }

  void setRows(int first, int count) {
    values.putInt(304, first);
    values.putInt(308, count);
  }

  void setClasses(int first, int count) {
    values.putInt(312, first);
    values.putInt(316, count);
  }

  private void putTensor(int at, DeviceTensor tensor) {
    values.putLong(at, tensor.address());
    values.putLong(at + 8, tensor.starts());
    values.putLong(at + 16, tensor.utteranceStride());
    values.putLong(at + 24, tensor.frameStride());
    values.putLong(at + 32, tensor.classStride());
  }

  @Override
  public void close() {
    memory.close();
  }
}
