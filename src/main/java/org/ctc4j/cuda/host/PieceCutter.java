package org.ctc4j.cuda.host;

import org.ctc4j.cuda.driver.Staging;

/** Cuts the numbers of a transfer, in their order, into pieces that fit into pinned memory. */
final class PieceCutter {
  private final Transfer transfer;
  private final long total;
  private final int most;

  // the piece, in numbers of the transfer
  private long from;
  private int count;

  // what of the utterances was copied
  private int utterance;
  private long copied;

  /** Before the first piece. */
  PieceCutter(Transfer transfer, int pieceBytes) {
    this.transfer = transfer;
    total = transfer.total();
    most = pieceBytes / transfer.numberBytes();
    utterance = transfer.first();
  }

  /** Of the first piece, the largest. */
  int mostBytes() {
    return (int) Math.min(most, total) * transfer.numberBytes();
  }

  /** Goes on to the next piece, if there is one; the one before must have been copied. */
  boolean next() {
    from += count;
    count = (int) Math.min(most, total - from);
    return count > 0;
  }

  boolean isFirst() {
    return from == 0;
  }

  /** Where the piece begins in the chunk's device memory, in bytes. */
  long offset() {
    return transfer.offset() + from * transfer.numberBytes();
  }

  int bytes() {
    return count * transfer.numberBytes();
  }

  /** Copies the piece between host memory and staging memory, there from a byte on. Once. */
  void copy(Staging staging, int atByte) {
    int begin = atByte / transfer.numberBytes();
    for (int done = 0; done < count; ) {
      long all = transfer.numbers().applyAsLong(utterance);
      int length = (int) Math.min(all - copied, count - done);
      if (length > 0) {
        transfer.copying().copy(utterance, copied, length, staging, begin + done);
      }
      done += length;
      copied += length;
      if (copied == all) {
        utterance++;
        copied = 0;
      }
    }
  }
}
