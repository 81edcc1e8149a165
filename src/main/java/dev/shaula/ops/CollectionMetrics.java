package dev.shaula.ops;

import dev.shaula.collection.CollectionRegistry;
import dev.shaula.model.CollectionInfo;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Startup;
import jakarta.inject.Singleton;
import java.util.function.ToLongFunction;

/** Gauges over all collections; read when the metrics are asked for. */
@Startup
@Singleton
class CollectionMetrics {
    CollectionMetrics(MeterRegistry meters, CollectionRegistry registry) {
        gauge(meters, "shaula.collections", registry, r -> r.list().size(), "Open collections");
        gauge(meters, "shaula.vectors", registry, r -> sum(r, CollectionInfo::vectorCount), "Live points");
        gauge(
                meters,
                "shaula.vectors.memory",
                registry,
                r -> sum(r, CollectionInfo::memoryBytes),
                "Native bytes of vectors");
        gauge(meters, "shaula.shards.damaged", registry, r -> r.damage().size(), "Shards that do not serve");
    }

    private static void gauge(
            MeterRegistry meters,
            String name,
            CollectionRegistry registry,
            ToLongFunction<CollectionRegistry> value,
            String description) {
        Gauge.builder(name, registry, r -> (double) value.applyAsLong(r))
                .description(description)
                .strongReference(true)
                .register(meters);
    }

    private static long sum(CollectionRegistry registry, ToLongFunction<CollectionInfo> part) {
        return registry.list().stream()
                .mapToLong(c -> part.applyAsLong(c.info()))
                .sum();
    }
}
