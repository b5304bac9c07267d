/**
 * What is timed: shapes and random workloads, shared by {@code ctc bench} and benchmarks/. Not API.
 */
package org.ctc4j.bench;
