/** The load tests that prove a promise, in a short form, against the packaged server in a process of its own. */
@NullMarked
package dev.shaula.load;

import org.jspecify.annotations.NullMarked;
