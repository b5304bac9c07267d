package org.ctc4j.cuda;

import java.util.Arrays;
import org.ctc4j.DeviceBatch;
import org.ctc4j.DeviceResult;
import org.ctc4j.DeviceTargets;
import org.ctc4j.DeviceTensor;
import org.ctc4j.ElementType;
import org.ctc4j.TestBatch;

/** A {@link TestBatch} in device memory: (T, N, C) float32 and padded targets. */
final class DeviceTestBatch implements AutoCloseable {
  final TestBatch host;
  final DeviceArrays arrays = new DeviceArrays();
  final DeviceBatch batch;
  final DeviceResult result;
  final long logits;
  final long gradient;

  DeviceTestBatch(TestBatch host) {
    this.host = host;
    int frames = host.frames();
    int utterances = host.utterances();
    int classes = host.classes();
    int maxLength = Arrays.stream(host.targets()).mapToInt(target -> target.length).max().orElse(0);
    int[] padded = new int[utterances * maxLength];
    Arrays.fill(padded, -1);
    int[] lengths = new int[utterances];
    for (int n = 0; n < utterances; n++) {
      lengths[n] = host.targets()[n].length;
      System.arraycopy(host.targets()[n], 0, padded, n * maxLength, lengths[n]);
    }
    logits = arrays.of(logits(host));
    gradient = arrays.allocate(4L * frames * utterances * classes);
    batch =
        new DeviceBatch(
            DeviceTensor.timeMajor(logits, ElementType.FLOAT32, utterances, classes),
            frames,
            utterances,
            classes,
            DeviceTargets.padded(arrays.of(padded), utterances, maxLength, arrays.of(lengths)),
            arrays.of(host.inputLengths()));
    result =
        new DeviceResult(
            arrays.allocate(8L * utterances),
            arrays.allocate(4L * utterances),
            arrays.allocate(8),
            DeviceTensor.timeMajor(gradient, ElementType.FLOAT32, utterances, classes));
  }

  static float[] logits(TestBatch host) {
    float[] logits = new float[host.frames() * host.utterances() * host.classes()];
    int i = 0;
    for (int t = 0; t < host.frames(); t++) {
      for (int n = 0; n < host.utterances(); n++) {
        for (int c = 0; c < host.classes(); c++) {
          logits[i++] = (float) host.logits()[n][t][c];
        }
      }
    }
    return logits;
  }

  double[] losses() {
    return DeviceArrays.doubles(result.losses(), host.utterances());
  }

  int[] statuses() {
    return DeviceArrays.ints(result.statuses(), host.utterances());
  }

  double reduced() {
    return DeviceArrays.doubles(result.reduced(), 1)[0];
  }

  float[] gradient() {
    return DeviceArrays.floats(gradient, host.frames() * host.utterances() * host.classes());
  }

  @Override
  public void close() {
    arrays.close();
  }
}
