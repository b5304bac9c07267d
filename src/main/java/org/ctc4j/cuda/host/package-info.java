/** The way of batches in host memory through the kernels, in chunks. Internal. */
package org.ctc4j.cuda.host;
