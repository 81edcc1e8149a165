/** JMH benchmarks of the engine's rooms; each says beforehand what it should cost and why. */
@NullMarked
package dev.shaula.benchmarks;

import org.jspecify.annotations.NullMarked;
