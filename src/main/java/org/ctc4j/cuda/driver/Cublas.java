package org.ctc4j.cuda.driver;

import static jcuda.cudaDataType.CUDA_R_16BF;
import static jcuda.cudaDataType.CUDA_R_16F;
import static jcuda.cudaDataType.CUDA_R_32F;
import static jcuda.cudaDataType.CUDA_R_64F;
import static jcuda.driver.JCudaDriver.cuStreamQuery;
import static jcuda.jcublas.JCublas2.cublasCreate;
import static jcuda.jcublas.JCublas2.cublasDestroy;
import static jcuda.jcublas.JCublas2.cublasGemmEx_new;
import static jcuda.jcublas.JCublas2.cublasSetStream;
import static jcuda.jcublas.JCublas2.cublasSetWorkspace;
import static jcuda.jcublas.cublasComputeType.CUBLAS_COMPUTE_32F;
import static jcuda.jcublas.cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32;
import static jcuda.jcublas.cublasComputeType.CUBLAS_COMPUTE_64F;
import static jcuda.jcublas.cublasGemmAlgo.CUBLAS_GEMM_DEFAULT;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_N;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_T;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.IntSupplier;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;
import org.ctc4j.DeviceException;
import org.ctc4j.ElementType;

/**
 * Matrix products by cuBLAS, on a stream of the caller's and in a workspace of the caller's, so
 * that nothing is allocated, no other stream's work can change which algorithm runs, and the same
 * shapes give the same bits. The context must be current. Not thread-safe.
 */
public final class Cublas implements AutoCloseable {
  private final cublasHandle handle = new cublasHandle();

  private final Scalars scalars = new Scalars();
  private boolean fast;
  private boolean live;

  /** The values of {@link Factor} as float and double, where cuBLAS reads them. */
  private static final class Scalars {
    private static final double[] VALUES = {0, 1, 0x1p-11, 0x1p-22};
    private final ByteBuffer memory =
        ByteBuffer.allocateDirect(16 * VALUES.length).order(ByteOrder.nativeOrder());
    private final Pointer pointer = Pointer.to(memory);

    Scalars() {
      for (int i = 0; i < VALUES.length; i++) {
        memory.putDouble(16 * i, VALUES[i]);
        memory.putFloat(16 * i + 8, (float) VALUES[i]);
      }
    }

    Pointer of(int index, ElementType type) {
      return pointer.withByteOffset(16L * index + (type == ElementType.FLOAT64 ? 0 : 8));
    }
  }

  /** What a product is multiplied with. */
  public enum Factor {
    ZERO,
    ONE,
    /** Of the second parts of a split gradient, see kernels/projection.cu. */
    LOW,
    /** Of the third. */
    LOWEST
  }

  /**
   * A matrix in device memory.
   *
   * @param pitch elements from a row to the next, as they lie there
   * @param transposed whether it lies there column by column, as the transpose of a row-major one
   */
  public record Matrix(
      long address, ElementType type, int rows, int columns, int pitch, boolean transposed) {

    /** One that lies row by row. */
    public Matrix(long address, ElementType type, int rows, int columns, int pitch) {
      this(address, type, rows, columns, pitch, false);
    }

    public Matrix transpose() {
      return new Matrix(address, type, columns, rows, pitch, !transposed);
    }
  }

  /** {@link CublasLibrary} must be available. */
  public Cublas() {
    check("cublasCreate", new Launch(null, () -> ""), () -> cublasCreate(handle));
    live = true;
  }

  /**
   * Bytes of workspace that NVIDIA recommends.
   *
   * @param architecture 10 · major + minor of the device
   */
  public static long workspaceBytes(int architecture) {
    return architecture >= 90 ? 32L << 20 : 4L << 20;
  }

  /**
   * Later products are enqueued by this launch, in this workspace.
   *
   * @param fast float32 factors may be rounded to TF32
   */
  public void use(Launch launch, long workspace, long bytes, boolean fast) {
    this.fast = fast;
    check(
        "cublasSetStream",
        launch,
        () -> cublasSetStream(handle, new cudaStream_t(launch.stream())));
    Pointer memory = DeviceMemory.pointer(workspace);
    check("cublasSetWorkspace", launch, () -> cublasSetWorkspace(handle, memory, bytes));
  }

  /** Enqueues {@code c = alpha · a · b + beta · c}. Sums are those of c's type. */
  public void multiply(Factor alpha, Matrix a, Matrix b, Factor beta, Matrix c, Launch launch) {
    // cuBLAS takes matrices column-major: what is row-major is its own transpose there, so the
    // product is that of the transposes in the other order
    check(
        "cublasGemmEx",
        launch,
        () ->
            cublasGemmEx_new(
                handle,
                b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                c.columns,
                c.rows,
                a.columns,
                scalars.of(alpha.ordinal(), c.type),
                DeviceMemory.pointer(b.address),
                dataType(b.type),
                b.pitch,
                DeviceMemory.pointer(a.address),
                dataType(a.type),
                a.pitch,
                scalars.of(beta.ordinal(), c.type),
                DeviceMemory.pointer(c.address),
                dataType(c.type),
                c.pitch,
                computeType(a.type, fast),
                CUBLAS_GEMM_DEFAULT));
  }

  private static int dataType(ElementType type) {
    return switch (type) {
      case FLOAT64 -> CUDA_R_64F;
      case FLOAT32 -> CUDA_R_32F;
      case FLOAT16 -> CUDA_R_16F;
      case BFLOAT16 -> CUDA_R_16BF;
    };
  }

  private static int computeType(ElementType type, boolean fast) {
    return switch (type) {
      case FLOAT64 -> CUBLAS_COMPUTE_64F;
      case FLOAT32 -> fast ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
      default -> CUBLAS_COMPUTE_32F;
    };
  }

  private static void check(String name, Launch launch, IntSupplier call) {
    int status = status(call);
    if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      String message = "%s: %s (%d)".formatted(name, cublasStatus.stringFor(status), status);
      String what = launch.doing().get();
      throw new DeviceException(
          what.isEmpty() ? message : message + "; " + what, code(status, launch.stream()));
    }
  }

  /** The call's status, also where the host application has enabled JCuda's exceptions. */
  private static int status(IntSupplier call) {
    try {
      return call.getAsInt();
    } catch (CudaException e) {
      for (int status = 1; status < 16; status++) {
        if (cublasStatus.stringFor(status).equals(e.getMessage())) {
          return status;
        }
      }
      return cublasStatus.CUBLAS_STATUS_INTERNAL_ERROR;
    }
  }

  /** The {@code CUresult} behind a status: the driver knows whether the device is lost. */
  private static int code(int status, CUstream stream) {
    if (status == cublasStatus.CUBLAS_STATUS_ALLOC_FAILED) {
      return CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    }
    int code = stream == null ? 0 : Driver.code(() -> cuStreamQuery(stream));
    return code == CUresult.CUDA_SUCCESS || code == CUresult.CUDA_ERROR_NOT_READY
        ? CUresult.CUDA_ERROR_NOT_SUPPORTED
        : code;
  }

  @Override
  public void close() {
    if (live) {
      live = false;
      status(() -> cublasDestroy(handle));
    }
  }
}
