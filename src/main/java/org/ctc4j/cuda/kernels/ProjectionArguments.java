package org.ctc4j.cuda.kernels;

import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceProjection;
import org.ctc4j.DeviceTensor;

/**
 * What the kernels of kernels/projection.cu take, one {@code CtcProjection} as it is declared
 * there.
 */
final class ProjectionArguments extends KernelArguments {
  private static final int FLAG_ACTIVE = 1;
  private static final int FLAG_KEEP = 2;
  private static final int FLAG_OFFSETS = 4;

  // bytes where fields are that change within a call
  private int rowsAt;
  private int classesAt;
  private int flagsAt;

  ProjectionArguments() {
    super(344);
  }

  /**
   * For the first pass.
   *
   * @param base device address of the workspace
   */
  void setCall(ProjectionCall call, ProjectionWorkspace at, long base) {
    DeviceBatch frames = call.frames();
    DeviceProjection layer = call.projection();
    DeviceProjectedResult result = call.result();
    DeviceTensor gradient = result.losses().gradient();
    Fields fields =
        write(0)
            .tensor(frames.logits())
            .tensor(gradient)
            .int64(layer.bias())
            .int64(result.weightGradient())
            .int64(result.biasGradient())
            .int64(base + at.compactAt)
            .int64(call.rowStarts())
            .int64(base + at.rowUtterance)
            .int64(base + at.sums)
            .int64(base + at.columnClass)
            .int64(base + at.columnCount)
            .int64(base + at.targets)
            .int64(base + at.targetLength)
            .int64(base + at.tableStart)
            .int64(base + at.table)
            .int64(base + at.tableGradient)
            .int64(base + at.copy)
            .int64(base + at.logits);
    for (int i = 0; i < 3; i++) {
      fields.int64(i < at.parts ? base + at.part(i) : 0);
    }
    fields
        .int64(base + at.hiddenSum)
        .int64(base + at.weightSum)
        .int64(base + at.biasSum)
        .int64(base + at.scale)
        .int64(result.losses().losses())
        .int32(frames.utterances())
        .int32(frames.frames())
        .int32(frames.targets().maxLength())
        .int32(layer.classes())
        .int32(layer.dimensions())
        .int32(call.width())
        .int32(call.options().blank())
        .int32(call.rows());
    rowsAt = fields.at();
    fields.int32(0).int32(0);
    classesAt = fields.at();
    fields.int32(0).int32(0).int32(at.pitch).type(gradient);
    fields.int32(result.type().ordinal()).int32(result.type().ordinal());
    flagsAt = fields.at();
    fields.int32(0).int32(layer.type().ordinal()).end();
  }

  /**
   * From here on for the second pass.
   *
   * @param keep whether the gradient of the logits is wanted in float32, too
   * @param offsets whether numbers were added to the log-probabilities of the classes
   */
  void setSecondPass(boolean keep, boolean offsets) {
    rewrite(flagsAt).int32(FLAG_ACTIVE | (keep ? FLAG_KEEP : 0) | (offsets ? FLAG_OFFSETS : 0));
  }

  void setRows(int first, int count) {
    rewrite(rowsAt).int32(first).int32(count);
  }

  void setClasses(int first, int count) {
    rewrite(classesAt).int32(first).int32(count);
  }
}
