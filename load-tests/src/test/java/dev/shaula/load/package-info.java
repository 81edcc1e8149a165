/** Gatling simulations: a client that loads a running service over HTTP and judges its answers. */
@NullMarked
package dev.shaula.load;

import org.jspecify.annotations.NullMarked;
