package org.ctc4j.cuda.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.ctc4j.Seed;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class PieceCutterTest {
  private static final int NUMBER_BYTES = 4;
  private static final int FIRST = 3;
  private static final int STAGED_AT = 256;
  private static final long OFFSET = 512;

  private final Random random = Seed.random(getClass());

  @Test
  @DisplayName("Every number is copied once, in order, to where its piece has it")
  void everyNumberOnce() {
    for (int run = 0; run < 500; run++) {
      int[] numbers = random.ints(1 + random.nextInt(6), 0, 9).toArray();
      int most = 1 + random.nextInt(12);
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < numbers.length; i++) {
        for (int k = 0; k < numbers[i]; k++) {
          expected.add(FIRST + i + ":" + k);
        }
      }
      List<String> copied = new ArrayList<>();
      int[] before = {0}; // numbers of the pieces before
      Transfer transfer =
          new Transfer(
              FIRST,
              numbers.length,
              n -> numbers[n - FIRST],
              NUMBER_BYTES,
              OFFSET,
              (n, from, count, staging, at) -> {
                assertEquals(copied.size() - before[0], at - STAGED_AT / NUMBER_BYTES);
                for (int k = 0; k < count; k++) {
                  copied.add(n + ":" + (from + k));
                }
              });
      PieceCutter pieces = new PieceCutter(transfer, most * NUMBER_BYTES + 3);
      int largest = pieces.mostBytes();
      while (pieces.next()) {
        assertEquals(copied.isEmpty(), pieces.isFirst());
        assertEquals(OFFSET + (long) NUMBER_BYTES * copied.size(), pieces.offset());
        assertTrue(pieces.bytes() <= largest && largest <= most * NUMBER_BYTES);
        before[0] = copied.size();
        pieces.copy(null, STAGED_AT);
        assertEquals(pieces.bytes(), NUMBER_BYTES * (copied.size() - before[0]));
      }
      assertEquals(expected, copied);
      assertFalse(pieces.next());
    }
  }
}
