/** Tests of the wire form, without a server. */
@NullMarked
package dev.shaula.api.wire;

import org.jspecify.annotations.NullMarked;
