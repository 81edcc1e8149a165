/** Distance kernels over native rows, each with a scalar twin: the only place that uses {@code jdk.incubator.vector}. */
@NullMarked
package dev.shaula.simd;

import org.jspecify.annotations.NullMarked;
