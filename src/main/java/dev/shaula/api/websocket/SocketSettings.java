package dev.shaula.api.websocket;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What an operator may set of the WebSocket door; every key starts with {@code shaula.websocket.}. */
@ConfigMapping(prefix = "shaula.websocket")
interface SocketSettings {

    /** Credit that all upsert streams of the node hold together; by default an eighth of the heap. */
    Optional<MemorySize> creditBudget();

    /**
     * Credit of one upsert stream, which is also its longest message; by default 1/128 of the budget, 512 KiB to 1 MiB.
     * Streams that come when much is granted get less, 64 KiB at least.
     */
    Optional<MemorySize> window();

    /** Open sockets of the node; the next is refused with 503. */
    @WithDefault("10000")
    int maxConnections();

    /** Streams that the node remembers for clients that come back. */
    @WithDefault("10000")
    int maxStreams();

    /** How long a stream is remembered after its socket was lost. */
    @WithDefault("10m")
    Duration resumeWindow();

    /**
     * Origins of web pages that may connect, as {@code https://example.org}, besides pages of this server itself: a
     * browser would let every page on the web speak to a server on its user's machine. Clients that are no browsers
     * send no origin and are not asked for one.
     */
    Optional<List<String>> origins();

    /** A socket on which nothing was received for so long, not even an answer to a ping, is closed. */
    @WithDefault("60s")
    Duration idleTimeout();
}
