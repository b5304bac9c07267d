/**
 * The oracle: CTC as the paper has it, float64, log domain. Internal; reached through {@link
 * org.ctc4j.ReferenceCtc}.
 */
package org.ctc4j.reference;
