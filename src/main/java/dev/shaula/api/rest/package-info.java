/** The HTTP door: one class per family of operations, all on event loops; it translates and passes on. */
@NullMarked
package dev.shaula.api.rest;

import org.jspecify.annotations.NullMarked;
