/**
 * How fast ctc4j is, and how exact, alone and beside other implementations. What is computed,
 * {@link org.ctc4j.bench.Shape} and {@link org.ctc4j.bench.Workload}, comes with the command line.
 */
package org.ctc4j.benchmarks;
