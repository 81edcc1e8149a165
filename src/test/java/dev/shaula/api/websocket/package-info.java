/** Tests of the WebSocket door with real sockets. */
@NullMarked
package dev.shaula.api.websocket;

import org.jspecify.annotations.NullMarked;
