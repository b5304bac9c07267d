package org.ctc4j.cuda;

import org.ctc4j.ElementType;

/**
 * The device memory that a call on hidden states works in, and how it is cut: the size of a chunk
 * of logits, {@code rowsOfChunk} by {@code classesOfChunk}, and the offset in bytes of every array.
 * See kernels/projection.cu for what they hold. Nothing grows with C once a chunk is at its limit.
 */
final class ProjectionWorkspace {
  /** Of logits in a chunk: it should stay in the L2 cache between the product and the kernels. */
  private static final long CHUNK_BYTES = 32L << 20;

  /** Rows and classes that a chunk does not go below, if there are so many. */
  private static final int LEAST = 64;

  private static final int USUAL_ROWS = 1024;

  /** Rows of a chunk begin at multiples of so many elements. */
  private static final int PITCH = 8;

  final Workspace compact;
  final int rowsOfChunk;
  final int classesOfChunk;
  final int pitch;
  final long cublasBytes;

  /** How many 16-bit parts the logits' gradient is split into for its products, or 0. */
  final int parts;

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
  final long copy;
  final long logits;
  private final long firstPart;
  private final long partBytes;
  final long hiddenSum;
  final long weightSum;
  final long biasSum;
  final long scale;
  final long cublasAt;

  /** In all. */
  final long bytes;

  private long end;

  /**
   * What a workspace is laid out for.
   *
   * @param type of hidden states and weight
   * @param rows frames of all utterances, at most T · N
   * @param fast see {@link org.ctc4j.DeviceProjection}
   * @param hiddenGradient whether that gradient is asked for, as the two that follow
   */
  record Shape(
      ElementType type,
      int frames,
      int utterances,
      int classes,
      int dimensions,
      int labels,
      int rows,
      boolean fast,
      boolean hiddenGradient,
      boolean weightGradient,
      boolean biasGradient) {

    boolean gradient() {
      return hiddenGradient || weightGradient || biasGradient;
    }

    /** 16-bit parts that a gradient is split into for its products, see kernels/projection.cu. */
    int parts() {
      return switch (type) {
        case FLOAT64, FLOAT32 -> 0;
        case FLOAT16 -> fast ? 1 : 2;
        case BFLOAT16 -> fast ? 1 : 3;
      };
    }

    /** What logits and sums are computed in. */
    ElementType wide() {
      return type == ElementType.FLOAT64 ? ElementType.FLOAT64 : ElementType.FLOAT32;
    }
  }

  /**
   * @param limit bytes that recursions and a chunk stay within, as long as they can
   * @param architecture 10 · major + minor of the device
   */
  ProjectionWorkspace(Shape shape, long limit, int architecture) {
    int wide = shape.wide().bytes();
    long elements = Math.min(CHUNK_BYTES, limit / 4) / wide;
    // not by the number of rows: the sums of an utterance do not depend on what else is in the
    // batch
    long most = elements / Math.max(USUAL_ROWS, shape.dimensions());
    classesOfChunk = (int) Math.min(shape.classes(), Math.max(LEAST, most / LEAST * LEAST));
    pitch = (classesOfChunk + PITCH - 1) / PITCH * PITCH;
    rowsOfChunk = (int) Math.min(shape.rows(), Math.max(LEAST, elements / pitch));
    int width = Math.min(shape.labels(), shape.classes() - 1) + 1;
    compact =
        Workspace.of(
            shape.frames(),
            shape.utterances(),
            width,
            shape.labels(),
            shape.gradient(),
            Math.max(1, limit / 2));
    cublasBytes = Cublas.workspaceBytes(architecture);

    long n = shape.utterances();
    long rows = shape.rows();
    long chunk = (long) rowsOfChunk * pitch;
    parts = shape.hiddenGradient() || shape.weightGradient() ? shape.parts() : 0;
    partBytes = DeviceLayout.align(2 * chunk);
    compactAt = next(compact.bytes());
    rowUtterance = next(4 * rows);
    sums = next(16 * rows);
    columnClass = next(4 * n * width);
    columnCount = next(4 * n);
    targets = next(4 * n * shape.labels());
    targetLength = next(4 * n);
    tableStart = next(8 * n);
    table = next(8 * rows * width);
    tableGradient = next(shape.gradient() ? 8 * rows * width : 0);
    copy = next(rows * shape.dimensions() * shape.type().bytes());
    logits = next(chunk * wide);
    firstPart = next(parts * partBytes);
    hiddenSum = next(shape.hiddenGradient() ? rows * shape.dimensions() * wide : 0);
    weightSum =
        next(shape.weightGradient() ? (long) classesOfChunk * shape.dimensions() * wide : 0);
    biasSum = next(8L * classesOfChunk);
    scale = next(8);
    cublasAt = next(cublasBytes);
    bytes = end;
  }

  /** Offset of a part of the logits' gradient. */
  long part(int i) {
    return firstPart + i * partBytes;
  }

  private long next(long size) {
    long at = end;
    end += DeviceLayout.align(size);
    return at;
  }
}
