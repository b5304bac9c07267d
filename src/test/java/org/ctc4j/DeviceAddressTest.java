package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.LongFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Addresses that a GPU could not read at are refused before it is asked to. */
class DeviceAddressTest {
  private static final long AT = 0x1000;

  private static final List<Class<? extends Record>> RECORDS =
      List.of(
          DeviceBatch.class,
          DeviceTargets.class,
          DeviceTensor.class,
          DeviceResult.class,
          DevicePaths.class,
          DeviceFrames.class,
          DeviceLabels.class,
          DeviceNBest.class,
          DeviceProjection.class,
          DeviceProjectedResult.class,
          DeviceProjectedBatch.class,
          DeviceConsistencyBatch.class,
          DeviceConsistencyResult.class);

  private static final Set<String> NO_ADDRESSES =
      Set.of(
          "DeviceTargets.stride",
          "DeviceTargets.size",
          "DeviceTensor.utteranceStride",
          "DeviceTensor.frameStride",
          "DeviceTensor.classStride");

  /**
   * An address that a record is made with.
   *
   * @param component class and component
   * @param name in messages
   * @param type of the numbers there
   * @param required whether 0 is refused
   * @param make the record with this address, all others aligned
   */
  private record Address(
      String component,
      String name,
      String type,
      int bytes,
      boolean required,
      LongFunction<Record> make) {
    @Override
    public String toString() {
      return component + ", " + type;
    }
  }

  private static final DeviceTensor TENSOR = new DeviceTensor(AT, ElementType.FLOAT32, AT, 0, 5, 1);
  private static final DeviceTargets TARGETS = DeviceTargets.padded(AT, 2, 3, AT);

  static List<Address> addresses() {
    List<Address> all = new ArrayList<>();
    all.add(
        new Address(
            "DeviceBatch.inputLengths",
            "inputLengths",
            "int32",
            4,
            false,
            a -> new DeviceBatch(TENSOR, 4, 2, 5, TARGETS, a, AT, AT)));
    all.add(
        new Address(
            "DeviceBatch.frameCounts",
            "frameCounts",
            "int32",
            4,
            false,
            a -> new DeviceBatch(TENSOR, 4, 2, 5, TARGETS, AT, a, AT)));
    all.add(
        new Address(
            "DeviceBatch.weights",
            "weights",
            "float64",
            8,
            false,
            a -> new DeviceBatch(TENSOR, 4, 2, 5, TARGETS, AT, AT, a)));
    all.add(
        new Address(
            "DeviceTargets.labels",
            "targets.labels",
            "int32",
            4,
            false,
            a -> new DeviceTargets(a, AT, 0, 6, AT, 3)));
    all.add(
        new Address(
            "DeviceTargets.starts",
            "targets.starts",
            "int64",
            8,
            false,
            a -> new DeviceTargets(AT, a, 0, 6, AT, 3)));
    all.add(
        new Address(
            "DeviceTargets.starts",
            "targets.starts",
            "int64",
            8,
            true,
            a -> DeviceTargets.concatenated(AT, 6, a, AT, 3)));
    all.add(
        new Address(
            "DeviceTargets.lengths",
            "targets.lengths",
            "int32",
            4,
            false,
            a -> new DeviceTargets(AT, AT, 0, 6, a, 3)));
    all.add(
        new Address(
            "DeviceTensor.starts",
            "tensor.starts",
            "int64",
            8,
            false,
            a -> new DeviceTensor(AT, ElementType.FLOAT32, a, 0, 5, 1)));
    all.add(
        new Address(
            "DeviceTensor.starts",
            "tensor.starts",
            "int64",
            8,
            true,
            a -> DeviceTensor.packed(AT, ElementType.FLOAT32, a, 5)));
    all.add(
        new Address(
            "DeviceResult.losses",
            "result.losses",
            "float64",
            8,
            true,
            a -> new DeviceResult(a, AT, AT, TENSOR)));
    all.add(
        new Address(
            "DeviceResult.statuses",
            "result.statuses",
            "int32",
            4,
            true,
            a -> new DeviceResult(AT, a, AT, TENSOR)));
    all.add(
        new Address(
            "DeviceResult.reduced",
            "result.reduced",
            "float64",
            8,
            false,
            a -> new DeviceResult(AT, AT, a, TENSOR)));
    all.add(
        new Address(
            "DeviceFrames.inputLengths",
            "inputLengths",
            "int32",
            4,
            false,
            a -> new DeviceFrames(TENSOR, 4, 2, 5, a, AT)));
    all.add(
        new Address(
            "DeviceFrames.frameCounts",
            "frameCounts",
            "int32",
            4,
            false,
            a -> new DeviceFrames(TENSOR, 4, 2, 5, AT, a)));
    all.add(
        new Address(
            "DeviceLabels.labels",
            "labels.labels",
            "int32",
            4,
            true,
            a -> new DeviceLabels(a, AT, AT, AT, AT, AT, AT)));
    all.add(
        new Address(
            "DeviceLabels.starts",
            "labels.starts",
            "int64",
            8,
            false,
            a -> new DeviceLabels(AT, a, AT, AT, AT, AT, AT)));
    all.add(
        new Address(
            "DeviceLabels.lengths",
            "labels.lengths",
            "int32",
            4,
            true,
            a -> new DeviceLabels(AT, AT, a, AT, AT, AT, AT)));
    all.add(
        new Address(
            "DeviceLabels.statuses",
            "labels.statuses",
            "int32",
            4,
            true,
            a -> new DeviceLabels(AT, AT, AT, a, AT, AT, AT)));
    all.add(
        new Address(
            "DeviceLabels.firstFrames",
            "labels.firstFrames",
            "int32",
            4,
            false,
            a -> new DeviceLabels(AT, AT, AT, AT, a, AT, AT)));
    all.add(
        new Address(
            "DeviceLabels.endFrames",
            "labels.endFrames",
            "int32",
            4,
            false,
            a -> new DeviceLabels(AT, AT, AT, AT, AT, a, AT)));
    all.add(
        new Address(
            "DeviceLabels.logProbabilities",
            "labels.logProbabilities",
            "float64",
            8,
            false,
            a -> new DeviceLabels(AT, AT, AT, AT, AT, AT, a)));
    all.add(
        new Address(
            "DeviceNBest.labels",
            "nBest.labels",
            "int32",
            4,
            true,
            a -> new DeviceNBest(a, AT, AT, AT, AT, AT)));
    all.add(
        new Address(
            "DeviceNBest.starts",
            "nBest.starts",
            "int64",
            8,
            false,
            a -> new DeviceNBest(AT, a, AT, AT, AT, AT)));
    all.add(
        new Address(
            "DeviceNBest.lengths",
            "nBest.lengths",
            "int32",
            4,
            true,
            a -> new DeviceNBest(AT, AT, a, AT, AT, AT)));
    all.add(
        new Address(
            "DeviceNBest.scores",
            "nBest.scores",
            "float64",
            8,
            true,
            a -> new DeviceNBest(AT, AT, AT, a, AT, AT)));
    all.add(
        new Address(
            "DeviceNBest.counts",
            "nBest.counts",
            "int32",
            4,
            true,
            a -> new DeviceNBest(AT, AT, AT, AT, a, AT)));
    all.add(
        new Address(
            "DeviceNBest.statuses",
            "nBest.statuses",
            "int32",
            4,
            true,
            a -> new DeviceNBest(AT, AT, AT, AT, AT, a)));
    all.add(
        new Address(
            "DeviceNBest.added",
            "nBest.added",
            "float64",
            8,
            false,
            a -> new DeviceNBest(AT, AT, AT, AT, AT, AT).withAdded(a)));
    all.add(
        new Address(
            "DevicePaths.states",
            "paths.states",
            "int32",
            4,
            true,
            a -> new DevicePaths(a, AT, AT, AT, AT)));
    all.add(
        new Address(
            "DevicePaths.logProbabilities",
            "paths.logProbabilities",
            "float64",
            8,
            true,
            a -> new DevicePaths(AT, a, AT, AT, AT)));
    all.add(
        new Address(
            "DevicePaths.starts",
            "paths.starts",
            "int64",
            8,
            false,
            a -> new DevicePaths(AT, AT, a, AT, AT)));
    all.add(
        new Address(
            "DevicePaths.scores",
            "paths.scores",
            "float64",
            8,
            true,
            a -> new DevicePaths(AT, AT, AT, a, AT)));
    all.add(
        new Address(
            "DevicePaths.statuses",
            "paths.statuses",
            "int32",
            4,
            true,
            a -> new DevicePaths(AT, AT, AT, AT, a)));
    all.add(
        new Address(
            "DeviceConsistencyBatch.inputLengths",
            "inputLengths",
            "int32",
            4,
            false,
            a -> new DeviceConsistencyBatch(TENSOR, TENSOR, 4, 2, 5, a, AT, AT)));
    all.add(
        new Address(
            "DeviceConsistencyBatch.frameCounts",
            "frameCounts",
            "int32",
            4,
            false,
            a -> new DeviceConsistencyBatch(TENSOR, TENSOR, 4, 2, 5, AT, a, AT)));
    all.add(
        new Address(
            "DeviceConsistencyBatch.weights",
            "weights",
            "float64",
            8,
            false,
            a -> new DeviceConsistencyBatch(TENSOR, TENSOR, 4, 2, 5, AT, AT, a)));
    all.add(
        new Address(
            "DeviceConsistencyResult.losses",
            "result.losses",
            "float64",
            8,
            true,
            a -> new DeviceConsistencyResult(a, AT, AT, TENSOR, TENSOR)));
    all.add(
        new Address(
            "DeviceConsistencyResult.statuses",
            "result.statuses",
            "int32",
            4,
            true,
            a -> new DeviceConsistencyResult(AT, a, AT, TENSOR, TENSOR)));
    all.add(
        new Address(
            "DeviceConsistencyResult.reduced",
            "result.reduced",
            "float64",
            8,
            false,
            a -> new DeviceConsistencyResult(AT, AT, a, TENSOR, TENSOR)));
    for (ElementType type : ElementType.values()) {
      String name = type.name().toLowerCase(Locale.ROOT);
      all.add(
          new Address(
              "DeviceTensor.address",
              "tensor.address",
              name,
              type.bytes(),
              false,
              a -> new DeviceTensor(a, type, AT, 0, 5, 1)));
      all.add(
          new Address(
              "DeviceProjection.weight",
              "weight",
              name,
              type.bytes(),
              true,
              a -> new DeviceProjection(a, AT, type, 5, 4)));
      all.add(
          new Address(
              "DeviceProjection.bias",
              "bias",
              name,
              type.bytes(),
              false,
              a -> new DeviceProjection(AT, a, type, 5, 4)));
      if (type.bytes() > 2) { // no gradients of 16 bits
        DeviceResult losses = DeviceResult.ofLosses(AT, AT);
        all.add(
            new Address(
                "DeviceProjectedResult.weightGradient",
                "weightGradient",
                name,
                type.bytes(),
                false,
                a -> new DeviceProjectedResult(losses, a, AT, type)));
        all.add(
            new Address(
                "DeviceProjectedResult.biasGradient",
                "biasGradient",
                name,
                type.bytes(),
                false,
                a -> new DeviceProjectedResult(losses, AT, a, type)));
      }
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("addresses")
  @DisplayName("One that is not a multiple of the number's size is refused by name and value")
  void misaligned(Address address) {
    for (long off : new long[] {1, 2, 4}) {
      long at = AT + off;
      if (off < address.bytes()) {
        assertEquals(
            "%s: expected a device address that is a multiple of %d (%s), got 0x%x"
                .formatted(address.name(), address.bytes(), address.type(), at),
            refused(address, at));
      } else {
        address.make().apply(at);
      }
    }
    address.make().apply(AT + address.bytes());
    address.make().apply(-address.bytes()); // the upper half of the addresses
  }

  @ParameterizedTest
  @MethodSource("addresses")
  @DisplayName("0 is none where there may be none, and refused by name elsewhere")
  void none(Address address) {
    if (address.required()) {
      assertEquals(
          "%s: expected a device address, a multiple of %d (%s), got 0"
              .formatted(address.name(), address.bytes(), address.type()),
          refused(address, 0));
    } else {
      address.make().apply(0);
    }
  }

  private static String refused(Address address, long at) {
    return assertThrows(InvalidInputException.class, () -> address.make().apply(at)).getMessage();
  }

  @Test
  @DisplayName("A call names the address that it lacks")
  void lacking() {
    DeviceTensor logits = DeviceTensor.timeMajor(AT, ElementType.FLOAT16, 2, 5);
    assertLacks(
        "logits: expected a device address, a multiple of 2 (float16), got 0",
        DeviceTensor.timeMajor(0, ElementType.FLOAT16, 2, 5),
        TARGETS,
        AT);
    assertLacks(
        "targets.labels: expected a device address, a multiple of 4 (int32), got 0",
        logits,
        DeviceTargets.padded(0, 2, 3, AT),
        AT);
    assertLacks(
        "targets.lengths: expected a device address, a multiple of 4 (int32), got 0",
        logits,
        DeviceTargets.padded(AT, 2, 3, 0),
        AT);
    assertLacks(
        "inputLengths: expected a device address, a multiple of 4 (int32), got 0",
        logits,
        TARGETS,
        0);
  }

  private static void assertLacks(
      String message, DeviceTensor logits, DeviceTargets targets, long inputLengths) {
    DeviceBatch batch = new DeviceBatch(logits, 4, 2, 5, targets, inputLengths);
    InvalidInputException e =
        assertThrows(InvalidInputException.class, () -> batch.check(CtcOptions.DEFAULT));
    assertEquals(message, e.getMessage());
  }

  @Test
  @DisplayName("No address of a record is left out here")
  void complete() {
    Set<String> longs = new HashSet<>();
    for (Class<? extends Record> type : RECORDS) {
      Arrays.stream(type.getRecordComponents())
          .filter(component -> component.getType() == long.class)
          .map(RecordComponent::getName)
          .forEach(name -> longs.add(type.getSimpleName() + "." + name));
    }
    Set<String> tested = new HashSet<>(NO_ADDRESSES);
    addresses().forEach(address -> tested.add(address.component()));
    assertEquals(longs, tested);
  }
}
