/**
 * Reading and writing NumPy's {@code .npz} files with the JDK alone. Files are taken as hostile:
 * nothing is unpickled, no claim of a file is believed before memory is taken for it, and whatever
 * is wrong with a file is an {@link java.io.IOException} with a one-line message.
 */
package org.ctc4j.io;
