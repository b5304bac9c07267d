/**
 * What was said and when, and the formats it is written in: {@link
 * org.ctc4j.cli.output.TimedUtterance} is what all of them take, {@link
 * org.ctc4j.cli.output.TimeFormat} what each of them is.
 */
package org.ctc4j.cli.output;
