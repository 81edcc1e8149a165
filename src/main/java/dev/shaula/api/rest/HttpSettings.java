package dev.shaula.api.rest;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

/** What an operator may set of the HTTP door; every key starts with {@code shaula.}. */
@ConfigMapping(prefix = "shaula")
interface HttpSettings {

    Http http();

    /** Least score of queries that name none; by default no limit. */
    Optional<Float> defaultThreshold();

    /** Largest number of results of a query, whatever it asks for; by default no cap. */
    Optional<Integer> defaultTopKCap();

    interface Http {
        /** Largest upsert that is stored as a whole, in bytes of JSON. */
        @WithDefault("1G")
        MemorySize maxBody();

        /** Heap for bodies being assembled, node-wide; by default a quarter of the heap. */
        Optional<MemorySize> ingestBudget();

        /**
         * Bytes that the kernel may take in advance of a stream of records; by default a thousandth of the write budget's
         * default, 64 KiB to 1 MiB.
         */
        Optional<MemorySize> receiveBuffer();

        /** A body of which nothing comes for so long is refused with 408, and its connection closed. */
        @WithDefault("30s")
        Duration bodyTimeout();

        /** How long a body may wait for that heap before it is refused with 429. */
        @WithDefault("30s")
        Duration ingestWait();
    }
}
