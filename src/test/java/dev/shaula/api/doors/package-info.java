/** One suite over every door: the same requests, the same answers. */
@NullMarked
package dev.shaula.api.doors;

import org.jspecify.annotations.NullMarked;
