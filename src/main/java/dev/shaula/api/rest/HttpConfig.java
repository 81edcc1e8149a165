package dev.shaula.api.rest;

import dev.shaula.api.wire.Bounds;
import dev.shaula.api.wire.IngestBudget;
import dev.shaula.api.wire.QueryDefaults;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** The settings of the HTTP door as it uses them. */
@ApplicationScoped
class HttpConfig {
    /** Proxies between us and a client commonly cut a connection that is silent for 60 s, some after 30 s. */
    private static final Duration LONGEST_PULSE = Duration.ofSeconds(15);

    private final long maxBody;
    private final long ingestBytes;
    private final int receiveBuffer;
    private final Duration ingestWait;
    private final Duration bodyTimeout;
    private final Duration pulse;
    private final QueryDefaults queryDefaults;

    HttpConfig(HttpSettings settings, @ConfigProperty(name = "quarkus.http.idle-timeout") Duration idleTimeout) {
        Duration quarter = idleTimeout.dividedBy(4);
        pulse = quarter.compareTo(LONGEST_PULSE) < 0 ? quarter : LONGEST_PULSE;
        maxBody = settings.http().maxBody().asLongValue();
        ingestBytes = settings.http()
                .ingestBudget()
                .map(MemorySize::asLongValue)
                .orElse(Runtime.getRuntime().maxMemory() / 4);
        receiveBuffer = Math.toIntExact(settings.http()
                .receiveBuffer()
                .map(MemorySize::asLongValue)
                .orElse(Math.clamp(Runtime.getRuntime().maxMemory() / 8 / 1024, 64L << 10, 1L << 20)));
        ingestWait = settings.http().ingestWait();
        bodyTimeout = settings.http().bodyTimeout();
        queryDefaults = new QueryDefaults(
                settings.defaultThreshold().orElse(0f),
                settings.defaultTopKCap().orElse(Integer.MAX_VALUE));
    }

    /** Largest upsert that is stored as a whole, in bytes of JSON. */
    long maxBody() {
        return maxBody;
    }

    /** Bytes that the kernel may take in advance of a stream that is kept waiting. */
    int receiveBuffer() {
        return receiveBuffer;
    }

    /** How long a body may wait for the ingest budget before it is refused. */
    Duration ingestWait() {
        return ingestWait;
    }

    /** How long a body that is read may say nothing. */
    Duration bodyTimeout() {
        return bodyTimeout;
    }

    /** How long a streamed answer may be silent while work is under way: a quarter of the idle limit at most. */
    Duration pulse() {
        return pulse;
    }

    @Produces
    @Singleton
    QueryDefaults queryDefaults() {
        return queryDefaults;
    }

    @Produces
    @Singleton
    IngestBudget budget(Bounds bounds) {
        IngestBudget budget = new IngestBudget(ingestBytes);
        bounds.add("body_bytes", maxBody);
        bounds.add("body_timeout_ms", bodyTimeout.toMillis());
        bounds.add("bodies_bytes", budget.capacity());
        bounds.add("bodies_of_connection_bytes", budget.connectionLimit());
        bounds.add("receive_buffer_bytes", receiveBuffer);
        bounds.add("bodies_wait_ms", ingestWait.toMillis());
        return budget;
    }
}
