package org.ctc4j.cuda.kernels;

import org.ctc4j.cuda.driver.Cublas;
import org.ctc4j.cuda.driver.DeviceLayout;

/**
 * The device memory that a call on hidden states works in, and how it is cut: the size of a chunk
 * of logits, {@code rowsOfChunk} by {@code classesOfChunk}, and the offset in bytes of every array.
 * See kernels/projection.cu for what they hold. Nothing grows with C once a chunk is at its limit.
 */
public final class ProjectionWorkspace {
  /** Of logits in a chunk: it should stay in the L2 cache between the product and the kernels. */
  private static final long CHUNK_BYTES = 32L << 20;

  /** Rows and classes that a chunk does not go below, if there are so many. */
  private static final int LEAST = 64;

  private static final int USUAL_ROWS = 1024;

  /** The kernels have places for so many classes of a chunk. */
  private static final int MOST_CLASSES = 8192;

  /** Rows of a chunk begin at multiples of so many elements. */
  private static final int PITCH = 8;

  final LossWorkspace compact;
  public final int rowsOfChunk;
  public final int classesOfChunk;
  public final int pitch;
  public final long cublasBytes;

  /** How many 16-bit parts the logits' gradient is split into for its products, or 0. */
  public final int parts;

  final long compactAt;
  final long rowUtterance;
  final long sums;
  final long columnClass;
  final long columnCount;
  final long targets;
  final long targetLength;
  final long tableStart;
  final long table;
  final long tableGradient;
  public final long copy;
  public final long logits;
  private final long firstPart;
  private final long partBytes;
  public final long hiddenSum;
  public final long weightSum;
  final long biasSum;
  final long scale;
  public final long cublasAt;

  /** In all. */
  public final long bytes;

  /**
   * @param limit bytes that recursions and a chunk stay within, as long as they can
   * @param architecture 10 · major + minor of the device
   */
  public ProjectionWorkspace(ProjectionShape shape, long limit, int architecture) {
    int wide = shape.wide().bytes();
    long elements = Math.min(CHUNK_BYTES, limit / 4) / wide;
    // not by the number of rows: the sums of an utterance do not depend on what else is in the
    // batch
    long most = Math.min(MOST_CLASSES, elements / Math.max(USUAL_ROWS, shape.layer().dimensions()));
    classesOfChunk = (int) Math.min(shape.layer().classes(), Math.max(LEAST, most / LEAST * LEAST));
    pitch = (classesOfChunk + PITCH - 1) / PITCH * PITCH;
    rowsOfChunk = (int) Math.min(shape.batch().rows(), Math.max(LEAST, elements / pitch));
    int width = Math.min(shape.batch().labels(), shape.layer().classes() - 1) + 1;
    int columns = width + 1; // and all other classes as one
    compact =
        LossWorkspace.of(
            shape.batch().frames(),
            shape.batch().utterances(),
            columns,
            shape.batch().labels(),
            shape.gradients().any(),
            Math.max(1, limit / 2));
    cublasBytes = Cublas.workspaceBytes(architecture);

    DeviceLayout layout = new DeviceLayout();
    long n = shape.batch().utterances();
    long rows = shape.batch().rows();
    long chunk = (long) rowsOfChunk * pitch;
    parts = shape.parts();
    partBytes = DeviceLayout.align(2 * chunk);
    compactAt = layout.next(compact.bytes());
    rowUtterance = layout.next(4 * rows);
    sums = layout.next(16 * rows);
    columnClass = layout.next(4 * n * width);
    columnCount = layout.next(4 * n);
    targets = layout.next(4 * n * shape.batch().labels());
    targetLength = layout.next(4 * n);
    tableStart = layout.next(8 * n);
    table = layout.next(8 * rows * columns);
    tableGradient = layout.next(shape.gradients().any() ? 8 * rows * columns : 0);
    copy = layout.next(rows * shape.layer().dimensions() * shape.layer().type().bytes());
    logits = layout.next(chunk * wide);
    firstPart = layout.next(parts * partBytes);
    hiddenSum =
        layout.next(shape.gradients().hidden() ? rows * shape.layer().dimensions() * wide : 0);
    weightSum =
        layout.next(
            shape.gradients().weight()
                ? (long) classesOfChunk * shape.layer().dimensions() * wide
                : 0);
    biasSum = layout.next(8L * classesOfChunk);
    scale = layout.next(8);
    cublasAt = layout.next(cublasBytes);
    bytes = layout.bytes();
  }

  /** Offset of a part of the logits' gradient. */
  public long part(int i) {
    return firstPart + i * partBytes;
  }
}
