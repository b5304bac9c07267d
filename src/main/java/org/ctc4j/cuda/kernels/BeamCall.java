package org.ctc4j.cuda.kernels;

import org.ctc4j.BeamOptions;
import org.ctc4j.DeviceFrames;
import org.ctc4j.DeviceNBest;

/**
 * A call for a beam search.
 *
 * @param tokens what is added to a prefix, or null
 */
public record BeamCall(
    DeviceFrames frames,
    CallOptions options,
    BeamOptions beam,
    DeviceTokens tokens,
    DeviceNBest results) {

  /** The sizes of the search. */
  public BeamWorkspace workspace() {
    return BeamWorkspace.of(frames, beam, tokens != null);
  }
}
