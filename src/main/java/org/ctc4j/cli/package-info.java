/** The command line: {@code scripts/ctc}, and a jar of its own, of classifier cli. Not API. */
package org.ctc4j.cli;
