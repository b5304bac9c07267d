/**
 * The driver as objects: its library, devices and contexts, memory, streams, modules of kernels,
 * cuBLAS. Internal.
 */
package org.ctc4j.cuda.driver;
