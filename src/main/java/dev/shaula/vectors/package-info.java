/** Structure-of-arrays storage of vectors, and the scorers that measure distances to them. */
@NullMarked
package dev.shaula.vectors;

import org.jspecify.annotations.NullMarked;
