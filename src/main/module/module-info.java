/**
 * CTC (Connectionist Temporal Classification) for the JVM: batched loss and gradient, alignment and
 * decoding. What it requires beside the JDK's base is optional: where a module is not there, what
 * needs it says so.
 */
module org.ctc4j {
  requires static jdk.incubator.vector;
  requires static jcuda;
  requires static jcublas;
  requires static dev.ludovic.netlib.blas;
  requires static org.bytedeco.javacpp;
  requires static org.bytedeco.openblas;

  exports org.ctc4j;
  exports org.ctc4j.io;
  exports org.ctc4j.lm;
  exports org.ctc4j.text;
}
