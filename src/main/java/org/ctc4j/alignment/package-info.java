/** Forced alignment on the host. Internal; reached through {@link org.ctc4j.CtcAligner}. */
package org.ctc4j.alignment;
