/**
 * CTC on Spark: losses, alignments and transcripts of the rows of a Dataset ({@link
 * org.ctc4j.spark.SparkCtc}), as SQL functions ({@link org.ctc4j.spark.CtcFunctions}) and as an
 * application for {@code spark-submit} ({@link org.ctc4j.spark.CtcJob}).
 */
package org.ctc4j.spark;
