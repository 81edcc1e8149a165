/** The WebSocket door: upsert streams with credit, multiplexed queries and live queries, all on event loops. */
@NullMarked
package dev.shaula.api.websocket;

import org.jspecify.annotations.NullMarked;
