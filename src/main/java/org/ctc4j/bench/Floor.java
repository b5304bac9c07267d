package org.ctc4j.bench;

/**
 * What loss and gradient cost a GPU at least, from float32 logits in device memory. See
 * benchmarks/floor.md.
 *
 * @param copyGigabytesPerSecond what copying within device memory reaches, bytes read and written
 * @param nanosecondsPerFrame a step of the recursions, of which each needs the one before
 */
public record Floor(double copyGigabytesPerSecond, double nanosecondsPerFrame) {
  public static final double MICROSECONDS_PER_LAUNCH = 2;

  /**
   * prepare, frames, lattice, labels, small_loss, which also reduces the losses if that is asked.
   */
  public static final int LAUNCHES = 5;

  /** What of T an utterance of a ragged batch uses, on average: between half and all. */
  public static double usedShare(Shape shape) {
    return shape.ragged() ? 0.75 : 1;
  }

  /** Every used logit once. */
  public static double bytesRead(Shape shape) {
    return bytesWritten(shape) * usedShare(shape);
  }

  /** Every entry of the gradient once. */
  public static double bytesWritten(Shape shape) {
    return 4.0 * shape.frames() * shape.utterances() * shape.classes();
  }

  /** The longer of copying and of the chain of frames, and the launches. */
  public double microseconds(Shape shape) {
    return Math.max(copyMicroseconds(shape), chainMicroseconds(shape)) + launchMicroseconds();
  }

  /** One after the other, as the kernels run. */
  public double asLaunchedMicroseconds(Shape shape) {
    return copyMicroseconds(shape) + chainMicroseconds(shape) + launchMicroseconds();
  }

  private double copyMicroseconds(Shape shape) {
    return (bytesRead(shape) + bytesWritten(shape)) / copyGigabytesPerSecond / 1e3;
  }

  private double chainMicroseconds(Shape shape) {
    return shape.frames() * nanosecondsPerFrame / 1e3;
  }

  private static double launchMicroseconds() {
    return LAUNCHES * MICROSECONDS_PER_LAUNCH;
  }
}
