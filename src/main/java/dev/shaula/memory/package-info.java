/** Off-heap blocks and mapped files: the only place that makes arenas and mappings, so that kernels see one kind of segment. */
@NullMarked
package dev.shaula.memory;

import org.jspecify.annotations.NullMarked;
