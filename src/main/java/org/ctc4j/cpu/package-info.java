/**
 * The fast backend in pure Java. Internal; reached through {@link org.ctc4j.CpuCtc}.
 *
 * <p>{@link org.ctc4j.cpu.CpuBackend} hands utterances to threads, {@code Utterance} takes one
 * through the three stages (frames, lattice, labels), and {@code Kernels} are the inner loops, once
 * for any JVM and once for those with the Vector API.
 */
package org.ctc4j.cpu;
