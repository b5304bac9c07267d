package org.ctc4j.cuda;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
import static jcuda.driver.JCudaDriver.cuDeviceGet;
import static jcuda.driver.JCudaDriver.cuDeviceGetAttribute;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUdevice;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import org.ctc4j.DeviceException;
import org.ctc4j.cuda.driver.DeviceMemory;
import org.ctc4j.cuda.driver.Driver;
import org.ctc4j.cuda.driver.KernelModule;
import org.ctc4j.cuda.driver.PinnedMemory;
import org.ctc4j.cuda.driver.PrimaryContext;
import org.ctc4j.cuda.driver.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** What programs that time kernels ask of a driver, and how kernels fail on one. */
@Emulated
class EmulatedDriverTest {
  private static final int BYTES = 64;

  private PrimaryContext context;
  private Stream stream;
  private DeviceMemory device;
  private DeviceMemory other;
  private PinnedMemory pinned;

  @BeforeEach
  void open() {
    assertEquals("", Devices.survey().reason());
    context = new PrimaryContext(0);
    context.whileCurrent(
        () -> {
          stream = new Stream();
          device = new DeviceMemory(BYTES, () -> "a test");
          other = new DeviceMemory(BYTES, () -> "a test");
          pinned = new PinnedMemory(2 * BYTES, () -> "a test");
        });
  }

  @AfterEach
  void nothingIsLeft() {
    context.whileCurrent(
        () -> {
          pinned.close();
          other.close();
          device.close();
          stream.close();
        });
    context.close();
    assertEquals("", Emulator.leaks());
  }

  private static int attribute(int which) {
    CUdevice device = new CUdevice();
    int[] value = {0};
    Driver.call("cuDeviceGet", () -> cuDeviceGet(device, 0));
    Driver.call("cuDeviceGetAttribute", () -> cuDeviceGetAttribute(value, which, device));
    return value[0];
  }

  @Test
  @DisplayName("The device has a clock, multiprocessors, and a cache that is quickly written over")
  void attributes() {
    assertEquals(1_410_000, attribute(CU_DEVICE_ATTRIBUTE_CLOCK_RATE));
    assertEquals(4, attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
    assertEquals(1 << 20, attribute(CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE));
  }

  /** From pinned memory through two places of the device to the pinned memory behind. */
  private void enqueueRoundTrip() {
    CUstream handle = stream.handle();
    Pointer from = pinned.pointer(0);
    Pointer to = pinned.pointer(BYTES);
    Driver.call(
        "cuMemcpyHtoDAsync",
        () -> cuMemcpyHtoDAsync(DeviceMemory.pointer(device.address()), from, BYTES, handle));
    Driver.call(
        "cuMemsetD8Async",
        () ->
            cuMemsetD8Async(
                DeviceMemory.pointer(device.address() + 1), (byte) 99, BYTES / 2, handle));
    Driver.call(
        "cuMemcpyDtoDAsync",
        () ->
            cuMemcpyDtoDAsync(
                DeviceMemory.pointer(other.address()),
                DeviceMemory.pointer(device.address()),
                BYTES,
                handle));
    Driver.call(
        "cuMemcpyDtoHAsync",
        () -> cuMemcpyDtoHAsync(to, DeviceMemory.pointer(other.address()), BYTES, handle));
  }

  private void fill(int value) {
    for (int i = 0; i < 2 * BYTES; i++) {
      pinned.buffer().put(i, (byte) (i < BYTES ? value : 0));
    }
  }

  private void assertArrived(int value) {
    for (int i = 0; i < BYTES; i++) {
      int expected = i >= 1 && i <= BYTES / 2 ? 99 : value;
      assertEquals(expected, pinned.buffer().get(BYTES + i), "byte " + i);
    }
  }

  @Test
  @DisplayName("Asynchronous copies and fills go in order, are there after the wait, and are timed")
  void timedCopies() {
    context.whileCurrent(
        () -> {
          CUevent[] events = {new CUevent(), new CUevent()};
          for (CUevent event : events) {
            Driver.call("cuEventCreate", () -> cuEventCreate(event, 0));
          }
          float[] milliseconds = {-1};
          for (int value = 1; value <= 3; value++) {
            fill(value);
            Driver.call("cuEventRecord", () -> cuEventRecord(events[0], stream.handle()));
            enqueueRoundTrip();
            Driver.call("cuEventRecord", () -> cuEventRecord(events[1], stream.handle()));
            assertEquals(
                CUresult.CUDA_ERROR_NOT_READY,
                Driver.code(() -> cuEventElapsedTime(milliseconds, events[0], events[1])));
            assertEquals(0, pinned.buffer().get(BYTES));
            stream.await(() -> "a test");
            assertArrived(value);
            Driver.call(
                "cuEventElapsedTime", () -> cuEventElapsedTime(milliseconds, events[0], events[1]));
            assertTrue(milliseconds[0] > 0 && milliseconds[0] < 10_000, milliseconds[0] + " ms");
          }
          for (CUevent event : events) {
            Driver.call("cuEventDestroy", () -> cuEventDestroy(event));
          }
        });
  }

  @Test
  @DisplayName("A captured graph, launched again and again, does all of it each time")
  void graph() {
    context.whileCurrent(
        () -> {
          CUgraph graph = new CUgraph();
          CUgraphExec exec = new CUgraphExec();
          fill(7);
          Driver.call(
              "cuStreamBeginCapture",
              () ->
                  cuStreamBeginCapture(
                      stream.handle(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
          enqueueRoundTrip();
          Driver.call("cuStreamEndCapture", () -> cuStreamEndCapture(stream.handle(), graph));
          Driver.call("cuGraphInstantiate", () -> cuGraphInstantiate(exec, graph, 0));
          stream.await(() -> "a test");
          assertEquals(0, pinned.buffer().get(BYTES));
          for (int value = 1; value <= 3; value++) {
            fill(value);
            for (int i = 0; i < 2; i++) {
              Driver.call("cuGraphLaunch", () -> cuGraphLaunch(exec, stream.handle()));
            }
            stream.await(() -> "a test");
            assertArrived(value);
          }
          Driver.call("cuGraphExecDestroy", () -> cuGraphExecDestroy(exec));
          Driver.call("cuGraphDestroy", () -> cuGraphDestroy(graph));
        });
  }

  /** Sums up one loss, read and written at these offsets of {@link #device}; then waits. */
  private void reduce(long lossAt, long reducedAt) {
    ByteBuffer problem = ByteBuffer.allocateDirect(208).order(ByteOrder.nativeOrder());
    problem.putLong(144, device.address() + lossAt);
    problem.putLong(160, device.address() + reducedAt);
    problem.putLong(168, other.address()); // utterance 0, of a status that makes its weight 1
    problem.putInt(176, 1);
    for (DeviceMemory memory : List.of(device, other)) {
      Driver.call(
          "cuMemsetD8Async",
          () ->
              cuMemsetD8Async(
                  DeviceMemory.pointer(memory.address()), (byte) 1, BYTES, stream.handle()));
    }
    try (KernelModule module = new KernelModule("reduce", 80)) {
      CUfunction function = module.function("ctc_reduce");
      Pointer arguments = Pointer.to(Pointer.to(problem));
      Driver.call(
          "cuLaunchKernel",
          () -> cuLaunchKernel(function, 1, 1, 1, 256, 1, 1, 0, stream.handle(), arguments, null));
      stream.await(() -> "a test");
    }
  }

  private void assertLoses(int code, String finding, long lossAt, long reducedAt) {
    DeviceException e =
        assertThrows(
            DeviceException.class, () -> context.whileCurrent(() -> reduce(lossAt, reducedAt)));
    assertEquals(code, e.code(), e::getMessage);
    assertTrue(e.isDeviceLost());
    assertTrue(Emulator.finding().contains(finding), Emulator::finding);
    DeviceException later =
        assertThrows(
            DeviceException.class, () -> context.whileCurrent(() -> stream.await(() -> "later")));
    assertEquals(code, later.code(), later::getMessage);
    Emulator.reset(); // a new process
    open();
  }

  @Test
  @DisplayName("A misaligned access loses the device, as one out of bounds does: each by its code")
  void misaligned() {
    context.whileCurrent(() -> reduce(0, 8));
    assertEquals("", Emulator.finding());
    assertLoses(CUresult.CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned read of", 4, 8);
    assertLoses(CUresult.CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned write of", 0, 12);
    assertLoses(CUresult.CUDA_ERROR_ILLEGAL_ADDRESS, "out-of-bounds write", 0, BYTES);
  }
}
