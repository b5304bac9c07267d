package org.ctc4j.cuda.host;

import org.ctc4j.BeamOptions;
import org.ctc4j.CtcOptions;
import org.ctc4j.cuda.kernels.DeviceTokens;

/**
 * How a batch is searched.
 *
 * @param tokens what is added to a prefix, or null
 */
public record BeamSettings(CtcOptions options, BeamOptions beam, DeviceTokens tokens) {}
