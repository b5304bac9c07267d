/**
 * The CUDA backend. With the packages that it stands on the only one that knows JCuda: {@link
 * org.ctc4j.cuda.host} over {@link org.ctc4j.cuda.kernels} over {@link org.ctc4j.cuda.driver}. Not
 * API; reached through {@link org.ctc4j.CudaCtc}.
 */
package org.ctc4j.cuda;
