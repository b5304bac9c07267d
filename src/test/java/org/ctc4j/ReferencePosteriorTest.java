package org.ctc4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import org.ctc4j.reference.ReferenceUtterance;
import org.junit.jupiter.api.Test;

class ReferencePosteriorTest {
  @Test
  void posteriorsSummedPerClassAreThoseOfTheEnumeratedPaths() {
    long seed = Seed.of(getClass());
    Random random = new Random(seed);
    for (int i = 0; i < 300; i++) {
      TestBatch batch = TestBatch.random(random, 5, 1, 3, 2, 2);
      BruteForce expected = new BruteForce(batch.logits()[0], batch.targets()[0], batch.blank());
      ReferenceUtterance utterance = ReferenceUtterance.of(batch.batch(), 0, batch.options());
      double[][] gamma = utterance.posteriors();
      for (int t = 0; t < gamma.length; t++) {
        double[] sums = new double[3];
        for (int s = 0; s < utterance.states(); s++) {
          int c = s % 2 == 0 ? batch.blank() : batch.targets()[0][s / 2];
          sums[c] += gamma[t][s];
        }
        for (int c = 0; c < 3; c++) {
          assertEquals(expected.posterior(t, c), sums[c], 1e-12, "-Dctc4j.seed=" + seed);
        }
      }
    }
  }
}
