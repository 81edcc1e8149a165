/** What an operator sees: health of the process and of its collections. */
@NullMarked
package dev.shaula.ops;

import org.jspecify.annotations.NullMarked;
