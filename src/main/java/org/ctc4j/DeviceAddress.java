package org.ctc4j;

import java.util.Locale;

/**
 * Numbers of one type at a device address, for checking that address: a kernel that meets one that
 * is not a multiple of the number's size takes the process's context with it.
 */
record DeviceAddress(int bytes, String type) {
  static final DeviceAddress INT32 = new DeviceAddress(4, "int32");
  static final DeviceAddress INT64 = new DeviceAddress(8, "int64");
  static final DeviceAddress FLOAT64 = of(ElementType.FLOAT64);

  static DeviceAddress of(ElementType type) {
    return new DeviceAddress(type.bytes(), type.name().toLowerCase(Locale.ROOT));
  }

  /** Refuses an address that is not aligned; 0, for none, is. */
  void check(String name, long address) {
    if (address % bytes != 0) {
      throw new InvalidInputException(
          "%s: expected a device address that is a multiple of %d (%s), got 0x%x"
              .formatted(name, bytes, type, address));
    }
  }

  /** Refuses 0, too. */
  void require(String name, long address) {
    if (address == 0) {
      throw new InvalidInputException(
          "%s: expected a device address, a multiple of %d (%s), got 0"
              .formatted(name, bytes, type));
    }
    check(name, address);
  }
}
