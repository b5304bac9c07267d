package org.ctc4j.cuda;

import org.ctc4j.GradientContract;
import org.ctc4j.LossContract;
import org.ctc4j.PosteriorContract;
import org.ctc4j.SameBitsContract;
import org.ctc4j.StatusContract;
import org.ctc4j.cuda.kernels.SplitLattices;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the recursions have a part in, where several blocks share an utterance. */
@OnDevice
@ExtendWith({SplitLattices.class, LaunchWatch.class})
@DisplayName("CUDA, several blocks an utterance")
class CudaSplitContractTest {
  @Nested
  @DisplayName("loss")
  class Loss extends LossContract {
    Loss() {
      super(new TestedCuda());
    }
  }

  @Nested
  @DisplayName("gradient")
  class Gradient extends GradientContract {
    Gradient() {
      super(new TestedCuda());
    }
  }

  @Nested
  @DisplayName("posteriors")
  class Posteriors extends PosteriorContract {
    Posteriors() {
      super(new TestedCuda());
    }
  }

  @Nested
  @DisplayName("statuses")
  class Statuses extends StatusContract {
    Statuses() {
      super(new TestedCuda());
    }
  }

  @Nested
  @DisplayName("same bits")
  class SameBits extends SameBitsContract {
    SameBits() {
      super(new TestedCuda());
    }
  }
}
