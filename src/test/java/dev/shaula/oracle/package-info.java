/** Collections by brute force: slow, simple, and what the engine is compared with. */
@NullMarked
package dev.shaula.oracle;

import org.jspecify.annotations.NullMarked;
