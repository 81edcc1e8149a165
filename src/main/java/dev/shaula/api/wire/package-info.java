/** The JSON wire form shared by the doors: bytes as they arrive to model records, model records to bytes, failures to statuses. */
@NullMarked
package dev.shaula.api.wire;

import org.jspecify.annotations.NullMarked;
