package org.ctc4j.benchmarks;

import java.util.Locale;
import java.util.function.BiFunction;
import org.ctc4j.bench.Workload;

/** The implementations that ctc4j is measured beside. */
enum PeerKind {
  PYTORCH("PyTorch", PyTorchPeer::new),
  TENSORFLOW("TensorFlow", TensorFlowPeer::new),
  ND4J("ND4J", Nd4jPeer::new);

  private final String label;
  private final BiFunction<Workload, Integer, Peer> constructor;

  PeerKind(String label, BiFunction<Workload, Integer, Peer> constructor) {
    this.label = label;
    this.constructor = constructor;
  }

  /** By its name in lower case. */
  static PeerKind named(String name) {
    return valueOf(name.toUpperCase(Locale.ROOT));
  }

  /** As it calls itself. */
  String label() {
    return label;
  }

  /**
   * Converts the workload to what the peer takes. The number of threads is one for the whole JVM.
   */
  Peer open(Workload workload, int threads) {
    return constructor.apply(workload, threads);
  }
}
