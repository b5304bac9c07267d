package org.ctc4j.cuda;

import org.ctc4j.cuda.kernels.SplitLattices;
import org.junit.jupiter.api.extension.ExtendWith;

/** The same where several blocks share an utterance; with the least memory one block has all. */
@ExtendWith(SplitLattices.class)
class CudaSplitRandomBatchesTest extends CudaRandomBatchesTest {}
