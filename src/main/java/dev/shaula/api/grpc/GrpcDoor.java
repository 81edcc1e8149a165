package dev.shaula.api.grpc;

import dev.shaula.api.wire.IngestBudget;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** What all calls share. */
@Singleton
final class GrpcDoor {
    private final IngestBudget budget;
    private final GrpcMetrics metrics;
    private final Duration longestWait;
    private final int maxMessage;

    GrpcDoor(
            IngestBudget budget,
            GrpcMetrics metrics,
            @ConfigProperty(name = "shaula.http.ingest-wait", defaultValue = "30s") Duration longestWait,
            @ConfigProperty(name = "shaula.grpc.max-message", defaultValue = "16M") MemorySize maxMessage) {
        this.budget = budget;
        this.metrics = metrics;
        this.longestWait = longestWait;
        this.maxMessage = Math.toIntExact(Math.min(maxMessage.asLongValue(), Integer.MAX_VALUE - 64));
    }

    /** Heap of messages that are being read; the one that bodies over HTTP have. */
    IngestBudget budget() {
        return budget;
    }

    GrpcMetrics metrics() {
        return metrics;
    }

    /** How long a single message waits for heap before it is refused. */
    Duration longestWait() {
        return longestWait;
    }

    /** Largest message of a client, in bytes. */
    int maxMessage() {
        return maxMessage;
    }
}
