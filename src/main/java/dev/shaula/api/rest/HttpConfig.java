package dev.shaula.api.rest;

import dev.shaula.api.wire.QueryDefaults;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;

/** The settings of the HTTP door as it uses them. */
@ApplicationScoped
class HttpConfig {
    /** Bodies other than upserts: the largest is a batch of a thousand queries. */
    static final long MAX_SMALL_BODY = 64L << 20;

    private final long maxBody;
    private final long ingestBytes;
    private final Duration ingestWait;
    private final QueryDefaults queryDefaults;

    HttpConfig(HttpSettings settings) {
        maxBody = settings.http().maxBody().asLongValue();
        ingestBytes = settings.http()
                .ingestBudget()
                .map(MemorySize::asLongValue)
                .orElse(Runtime.getRuntime().maxMemory() / 4);
        ingestWait = settings.http().ingestWait();
        queryDefaults = new QueryDefaults(
                settings.defaultThreshold().orElse(0f),
                settings.defaultTopKCap().orElse(Integer.MAX_VALUE));
    }

    /** Largest upsert that is stored as a whole, in bytes of JSON. */
    long maxBody() {
        return maxBody;
    }

    /** How long a body may wait for the ingest budget before it is refused. */
    Duration ingestWait() {
        return ingestWait;
    }

    QueryDefaults queryDefaults() {
        return queryDefaults;
    }

    @Produces
    @Singleton
    IngestBudget budget() {
        return new IngestBudget(ingestBytes);
    }
}
