package org.ctc4j.cli.output;

import java.util.List;

/** A format of what is said when. */
public interface TimeFormat {
  /** All that a file says of these utterances, of which none has an objection; many take one. */
  String write(List<TimedUtterance> utterances);

  /** Why a file cannot say anything of an utterance; null if it can. */
  default String objection(TimedUtterance utterance) {
    return utterance.reason();
  }
}
