package dev.shaula.api.wire;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.OptionalInt;

/** What an operator may set of connections; every key starts with {@code shaula.http.}. */
@ConfigMapping(prefix = "shaula.http")
interface ConnectionSettings {

    /** Connections that send requests; one more gets 503. By default one for each 32 KiB of heap, 10,000 at most. */
    OptionalInt maxConnections();

    /** How long the head of a request may take from its first byte, and the first request of a connection to come. */
    @WithDefault("20s")
    Duration headerTimeout();
}
