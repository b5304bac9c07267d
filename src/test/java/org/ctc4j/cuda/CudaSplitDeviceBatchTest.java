package org.ctc4j.cuda;

import java.util.List;
import org.ctc4j.cuda.kernels.SplitLattices;
import org.junit.jupiter.api.extension.ExtendWith;

/** The same, captured in graphs too, where several blocks share an utterance. */
@ExtendWith(SplitLattices.class)
class CudaSplitDeviceBatchTest extends CudaDeviceBatchTest {
  @Override
  List<String> latticeKernels() {
    return List.of(
        "ctc_lattice_split_store", "ctc_lattice_split_meet", "ctc_lattice_split_consume");
  }

  @Override
  int latticeFills() {
    return 1;
  }
}
