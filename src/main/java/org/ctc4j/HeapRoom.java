package org.ctc4j;

/** Refuses sizes that no heap could hold before they fail somewhere in an allocation. */
final class HeapRoom {
  private HeapRoom() {}

  /**
   * @param name of the argument, for the message
   * @param count how many there shall be
   * @param bytes that each takes
   */
  static void require(String name, long count, int bytes) {
    long most = Runtime.getRuntime().maxMemory() / bytes;
    if (count < 0 || count > most) {
      throw new InvalidInputException(
          "%s: expected a number in [0, %d], which is what the heap has room for, got %d"
              .formatted(name, most, count));
    }
  }
}
