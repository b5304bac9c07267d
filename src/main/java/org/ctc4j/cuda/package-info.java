/**
 * The CUDA backend: the only package that knows JCuda. Not API; reached through {@link
 * org.ctc4j.CudaCtc}.
 */
package org.ctc4j.cuda;
