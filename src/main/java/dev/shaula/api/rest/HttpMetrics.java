package dev.shaula.api.rest;

import dev.shaula.api.wire.IngestBudget;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** Counts and times of the HTTP door; thread-safe. */
@ApplicationScoped
class HttpMetrics {
    private record Key(String operation, int status) {}

    private final MeterRegistry registry;
    private final Map<Key, Timer> timers = new ConcurrentHashMap<>();
    private final Counter points;
    private final LongAdder served = new LongAdder();
    private final LongAdder errors = new LongAdder();

    HttpMetrics(MeterRegistry registry, IngestBudget budget) {
        this.registry = registry;
        points = Counter.builder("shaula.points.upserted")
                .description("Points acknowledged by upserts over HTTP")
                .register(registry);
        Gauge.builder("shaula.http.ingest.used", budget, IngestBudget::used)
                .description("Heap held by request bodies")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("shaula.http.ingest.capacity", budget, IngestBudget::capacity)
                .description("Heap that request bodies may hold")
                .baseUnit("bytes")
                .register(registry);
        Gauge.builder("shaula.http.ingest.waiting", budget, IngestBudget::waiting)
                .description("Requests that wait for heap")
                .register(registry);
    }

    /** One request was answered; refusals are those of status 429, 503 and 507. */
    void answered(String operation, int status, long startNs) {
        served.increment();
        if (status >= 400) {
            errors.increment();
        }
        timers.computeIfAbsent(new Key(operation, status), this::timer)
                .record(System.nanoTime() - startNs, TimeUnit.NANOSECONDS);
        if (status == 429 || status == 503 || status == 507) {
            registry.counter("shaula.http.rejected", "operation", operation).increment();
        }
    }

    private Timer timer(Key key) {
        return Timer.builder("shaula.http.requests")
                .description("Requests from their first byte to the last of the answer")
                .tag("operation", key.operation())
                .tag("status", Integer.toString(key.status()))
                .publishPercentileHistogram()
                .register(registry);
    }

    void upserted(long count) {
        points.increment((double) count);
    }

    long served() {
        return served.sum();
    }

    long errors() {
        return errors.sum();
    }
}
