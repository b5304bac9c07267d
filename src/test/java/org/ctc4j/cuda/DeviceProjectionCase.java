package org.ctc4j.cuda;

import java.util.Arrays;
import org.ctc4j.CtcOptions;
import org.ctc4j.DeviceProjectedBatch;
import org.ctc4j.DeviceProjectedResult;
import org.ctc4j.DeviceProjection;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.FrameTensor;

/**
 * A float32 {@link ProjectionCase} in device memory: (T, N, D) hidden states, padded targets, room
 * for all gradients.
 */
final class DeviceProjectionCase implements AutoCloseable {
  final ProjectionCase host;
  final DeviceArrays arrays = new DeviceArrays();
  final DeviceProjectedBatch batch;
  final DeviceProjectedResult result;

  DeviceProjectionCase(ProjectionCase host, boolean fast) {
    this.host = host;
    int n = host.utterances();
    int most = Arrays.stream(host.targets()).mapToInt(target -> target.length).max().orElse(0);
    int[] padded = new int[n * most];
    Arrays.fill(padded, -1);
    int[] lengths = new int[n];
    for (int i = 0; i < n; i++) {
      lengths[i] = host.targets()[i].length;
      System.arraycopy(host.targets()[i], 0, padded, i * most, lengths[i]);
    }
    int hiddenNumbers = host.frames() * n * host.dimensions();
    batch =
        new DeviceProjectedBatch(
            tensor(arrays.of(floats(host.hidden().elements()))),
            host.frames(),
            n,
            new DeviceProjection(
                arrays.of(floats(host.projection().weight())),
                arrays.of(floats(host.projection().bias())),
                ElementType.FLOAT32,
                host.classes(),
                host.dimensions(),
                fast),
            DeviceTargets.padded(arrays.of(padded), n, most, arrays.of(lengths)),
            arrays.of(host.inputLengths()));
    result =
        new DeviceProjectedResult(
            new DeviceResult(
                arrays.allocate(8L * n),
                arrays.allocate(4L * n),
                arrays.allocate(8),
                tensor(arrays.allocate(4L * hiddenNumbers))),
            arrays.allocate(4L * host.classes() * host.dimensions()),
            arrays.allocate(4L * host.classes()),
            ElementType.FLOAT32);
  }

  private DeviceTensor tensor(long address) {
    return DeviceTensor.timeMajor(
        address, ElementType.FLOAT32, host.utterances(), host.dimensions());
  }

  static float[] floats(Elements elements) {
    float[] values = new float[(int) elements.length()];
    elements.read(0, 1, values, 0, values.length);
    return values;
  }

  CtcOptions options() {
    return host.options();
  }

  double[] losses() {
    return DeviceArrays.doubles(result.losses().losses(), host.utterances());
  }

  int[] statuses() {
    return DeviceArrays.ints(result.losses().statuses(), host.utterances());
  }

  double reduced() {
    return DeviceArrays.doubles(result.losses().reduced(), 1)[0];
  }

  FrameTensor hiddenGradient() {
    int count = host.frames() * host.utterances() * host.dimensions();
    return FrameTensor.timeMajor(
        DeviceArrays.floats(result.losses().gradient().address(), count),
        host.frames(),
        host.utterances(),
        host.dimensions());
  }

  FrameTensor weightGradient() {
    int count = host.classes() * host.dimensions();
    return FrameTensor.timeMajor(DeviceArrays.floats(result.weightGradient(), count), count, 1, 1);
  }

  FrameTensor biasGradient() {
    return FrameTensor.timeMajor(
        DeviceArrays.floats(result.biasGradient(), host.classes()), host.classes(), 1, 1);
  }

  @Override
  public void close() {
    arrays.close();
  }
}
