package org.ctc4j.cuda;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoH;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoD;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import org.ctc4j.ElementType;
import org.ctc4j.Elements;
import org.ctc4j.cuda.driver.DeviceMemory;
import org.ctc4j.cuda.driver.Driver;

/**
 * Arrays in device memory, as a framework would hold them. The context must be current. Streams
 * that do not wait for the default stream, as those of the tests, are not ordered with plain
 * copies, and one from pageable memory may return before it has arrived: so the device is waited
 * for after a copy to it, and before one from it.
 */
final class DeviceArrays implements AutoCloseable {
  private final List<DeviceMemory> all = new ArrayList<>();

  /** Uninitialised. */
  long allocate(long bytes) {
    DeviceMemory memory = new DeviceMemory(Math.max(bytes, 1), () -> "a test");
    all.add(memory);
    return memory.address();
  }

  long of(float... values) {
    return of(Pointer.to(values), 4L * values.length);
  }

  long of(double... values) {
    return of(Pointer.to(values), 8L * values.length);
  }

  long of(int... values) {
    return of(Pointer.to(values), 4L * values.length);
  }

  long of(long... values) {
    return of(Pointer.to(values), 8L * values.length);
  }

  /** Numbers as they are stored. */
  long of(Elements numbers) {
    ByteBuffer bytes = bytes(numbers.type(), (int) numbers.length());
    copy(numbers, Elements.of(bytes, numbers.type()));
    return of(Pointer.to(bytes.array()), bytes.capacity());
  }

  static Elements elements(long address, ElementType type, int count) {
    ByteBuffer bytes = bytes(type, count);
    get(address, Pointer.to(bytes.array()), bytes.capacity());
    return Elements.of(bytes, type);
  }

  private static ByteBuffer bytes(ElementType type, int count) {
    return ByteBuffer.wrap(new byte[count * type.bytes()]).order(ByteOrder.nativeOrder());
  }

  private static void copy(Elements from, Elements to) {
    for (long i = 0; i < from.length(); i++) {
      to.set(i, from.get(i));
    }
  }

  private long of(Pointer values, long bytes) {
    long address = allocate(bytes);
    if (bytes > 0) {
      put(address, values, bytes);
    }
    return address;
  }

  /** Over what is there. */
  static void put(long address, float[] values) {
    put(address, Pointer.to(values), 4L * values.length);
  }

  private static void put(long address, Pointer values, long bytes) {
    Driver.call("cuMemcpyHtoD", () -> cuMemcpyHtoD(DeviceMemory.pointer(address), values, bytes));
    synchronise();
  }

  static float[] floats(long address, int count) {
    float[] values = new float[count];
    get(address, Pointer.to(values), 4L * count);
    return values;
  }

  static double[] doubles(long address, int count) {
    double[] values = new double[count];
    get(address, Pointer.to(values), 8L * count);
    return values;
  }

  static int[] ints(long address, int count) {
    int[] values = new int[count];
    get(address, Pointer.to(values), 4L * count);
    return values;
  }

  private static void get(long address, Pointer values, long bytes) {
    synchronise();
    Driver.call("cuMemcpyDtoH", () -> cuMemcpyDtoH(values, DeviceMemory.pointer(address), bytes));
  }

  private static void synchronise() {
    Driver.call("cuCtxSynchronize", () -> cuCtxSynchronize());
  }

  @Override
  public void close() {
    all.forEach(DeviceMemory::close);
  }
}
