package dev.shaula.ops;

import dev.shaula.collection.ByteBudget;
import dev.shaula.collection.LocalCollections;
import dev.shaula.collection.WriteTimes;
import dev.shaula.shard.ShardRuntime;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.Startup;
import jakarta.inject.Singleton;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Gauges of what waits in this process, each beside its bound; read when the metrics are asked for. */
@Startup
@Singleton
class LoadMetrics {
    private final MeterRegistry meters;

    LoadMetrics(MeterRegistry meters, LocalCollections collections) {
        this.meters = meters;
        ByteBudget budget = collections.writeBudget();
        bytes("shaula.writes.in.flight", budget, ByteBudget::used, "Writes taken in and not yet answered");
        bytes("shaula.writes.budget", budget, ByteBudget::capacity, "Writes that may be in flight");
        bytes(
                "shaula.writes.queued",
                collections,
                LocalCollections::queuedWriteBytes,
                "Writes in flight that wait for the thread of their shard");
        times(collections.writeTimes());
        count("shaula.writes.waiting", budget, ByteBudget::waiting, "Senders that wait for the write budget");
        FunctionCounter.builder("shaula.searches.late", collections.runtime(), ShardRuntime::lateSearches)
                .description("Searches refused because their deadline or the longest wait could not be kept")
                .register(meters);
        FunctionCounter.builder("shaula.searches.cancelled", collections.runtime(), ShardRuntime::cancelledSearches)
                .description("Searches dropped or stopped because their clients had gone")
                .register(meters);
        count("shaula.searches.queued", collections.runtime(), ShardRuntime::queuedSearches, "Searches that wait");
    }

    private <T> void bytes(String name, T source, ToDoubleFunction<T> value, String description) {
        Gauge.builder(name, source, value)
                .description(description)
                .baseUnit("bytes")
                .strongReference(true)
                .register(meters);
    }

    /** As a histogram of Prometheus. */
    private void times(WriteTimes times) {
        for (int step = 0; step <= times.steps(); step++) {
            int last = step;
            String end = step < times.steps() ? String.format(Locale.ROOT, "%.6f", times.end(step)) : "+Inf";
            FunctionCounter.builder("shaula.writes.seconds.bucket", times, t -> t.upTo(last))
                    .description("Writes by the time from their admission to their answer, in seconds")
                    .tag("le", end)
                    .register(meters);
        }
    }

    private <T> void count(String name, T source, ToDoubleFunction<T> value, String description) {
        Gauge.builder(name, source, value)
                .description(description)
                .strongReference(true)
                .register(meters);
    }
}
