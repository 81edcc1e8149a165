/** Tests of the HTTP door over a real socket. */
@NullMarked
package dev.shaula.api.rest;

import org.jspecify.annotations.NullMarked;
