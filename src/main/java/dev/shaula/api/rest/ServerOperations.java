package dev.shaula.api.rest;

import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.Bounds;
import dev.shaula.api.wire.Connections;
import dev.shaula.api.wire.JsonWriter;
import dev.shaula.collection.CollectionRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Properties;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** What the server says of itself, and what it does not do yet. */
@ApplicationScoped
class ServerOperations {
    private static final List<String> FEATURES = List.of(
            "hnsw",
            "exact-search",
            "metadata-filter",
            "ndjson-upsert",
            "base64-vectors",
            "batch-query",
            "grpc",
            "websocket",
            "live-query",
            "cosine",
            "dot",
            "euclidean");

    private final CollectionRegistry registry;
    private final HttpMetrics metrics;
    private final Connections connections;
    private final Bounds bounds;
    private final String version;
    private final String sync;
    private final String buildDate = readBuildDate();
    private final Instant started =
            Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());

    ServerOperations(
            CollectionRegistry registry,
            HttpMetrics metrics,
            Connections connections,
            Bounds bounds,
            @ConfigProperty(name = "quarkus.application.version", defaultValue = "unknown") String version,
            @ConfigProperty(name = "shaula.sync", defaultValue = "always") String sync) {
        this.registry = registry;
        this.metrics = metrics;
        this.connections = connections;
        this.bounds = bounds;
        this.version = version;
        this.sync = sync;
    }

    void health(Exchange exchange) {
        List<String> damage = registry.damage();
        JsonWriter out = new JsonWriter(128).openObject().field("status", damage.isEmpty() ? "ok" : "degraded");
        out.field("uptime", uptimeSeconds()).field("version", version);
        if (!damage.isEmpty()) {
            out.name("damage").openArray();
            damage.forEach(out::value);
            out.closeArray();
        }
        exchange.send(Answer.ok(out.closeObject().toBytes()));
    }

    void info(Exchange exchange) {
        long vectors = registry.list().stream()
                .mapToLong(collection -> collection.info().vectorCount())
                .sum();
        JsonWriter out = new JsonWriter(512).openObject().field("name", "shaula");
        out.field("version", version).field("started_at", started.toString());
        out.field("uptime", uptimeSeconds()).field("uptime_seconds", uptimeSeconds());
        out.field("buildDate", buildDate).field("sync", sync);
        out.field("requests_served", metrics.served()).field("errors", metrics.errors());
        out.field("active_connections", connections.open());
        out.field("collections", registry.list().size()).field("vectors", vectors);
        out.name("features").openArray();
        FEATURES.forEach(out::value);
        out.closeArray().name("damage").openArray();
        registry.damage().forEach(out::value);
        out.closeArray().name("limits").openObject();
        bounds.all().forEach(out::field);
        exchange.send(Answer.ok(out.closeObject().closeObject().toBytes()));
    }

    private static String readBuildDate() {
        Properties build = new Properties();
        try (InputStream in = Thread.currentThread().getContextClassLoader().getResourceAsStream("build.properties")) {
            if (in != null) {
                build.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("build.properties", e);
        }
        return build.getProperty("buildDate", "unknown");
    }

    private long uptimeSeconds() {
        return Duration.between(started, Instant.now()).toSeconds();
    }

    void embedding(Exchange exchange) {
        exchange.send(Answer.of(503, Answers.error("Embedding generation is not enabled")));
    }
}
