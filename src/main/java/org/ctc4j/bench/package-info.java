/**
 * What is timed: shapes and random workloads, shared by {@code ctc bench} and benchmarks/. In the
 * jar of the command line. Not API.
 */
package org.ctc4j.bench;
