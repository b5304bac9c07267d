/**
 * Reading and writing NumPy's {@code .npz} files with the JDK alone. Files are taken as hostile:
 * nothing is unpickled, no claim of a file is believed before memory is taken for it, and whatever
 * is wrong with a file is an {@link java.io.IOException} with a one-line message.
 *
 * <pre>{@code
 * try (NpzReader npz = NpzReader.open(Path.of("batch.npz"))) {
 *   NpyArray array = npz.read("logits");
 *   FrameTensor logits = FrameTensor.of(array.floats(), "NTC", Ints.of(array.shape()));
 * }
 * }</pre>
 */
package org.ctc4j.io;
