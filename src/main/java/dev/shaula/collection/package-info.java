/** Collections as the doors see them: registry, routing of points to shards, fan-out and merge, admission. */
@NullMarked
package dev.shaula.collection;

import org.jspecify.annotations.NullMarked;
