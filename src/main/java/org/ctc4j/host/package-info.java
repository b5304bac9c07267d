/**
 * What the backends share on the host: rows of log-probabilities, threads over utterances, and what
 * is and may be loaded on this machine. Internal.
 */
package org.ctc4j.host;
