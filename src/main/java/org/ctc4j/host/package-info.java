/**
 * What alignment and decoding share on the host: rows of log-probabilities, and threads over
 * utterances. Internal.
 */
package org.ctc4j.host;
