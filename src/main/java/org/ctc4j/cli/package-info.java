/** The command line: {@code scripts/ctc}. Not API. */
package org.ctc4j.cli;
