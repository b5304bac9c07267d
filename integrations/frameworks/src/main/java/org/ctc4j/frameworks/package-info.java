/**
 * CTC to train with in frameworks that have their own arrays and their own backward pass:
 * bytedeco's PyTorch, Deeplearning4j, TensorFlow for Java. Each class needs its own framework
 * alone.
 *
 * <p>All do the same. The framework computes logits; ctc4j computes losses and the gradient g of
 * the reduced loss with respect to them; the framework goes backward from the logits with g. What
 * is infeasible or not finite has its {@link org.ctc4j.CtcStatus} and gradient 0, so a step is
 * never spoilt by it, though a reduced loss of +Infinity or NaN says so.
 */
package org.ctc4j.frameworks;
