/**
 * The kernels: what launches them in which order, their parameters and the workspaces they need.
 * Internal.
 */
package org.ctc4j.cuda.kernels;
