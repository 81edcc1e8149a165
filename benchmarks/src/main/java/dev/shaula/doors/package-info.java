/** Shaula's doors under load: one client thread, requests encoded beforehand, real sockets, a server process. */
@NullMarked
package dev.shaula.doors;

import org.jspecify.annotations.NullMarked;
