package dev.shaula.api.grpc;

import com.google.rpc.Code;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Calls by method and code. Thread-safe. */
@Singleton
final class GrpcMetrics {
    private final MeterRegistry registry;
    private final Map<Key, Timer> timers = new ConcurrentHashMap<>();
    private final Counter points;

    private record Key(String path, int code) {}

    GrpcMetrics(MeterRegistry registry) {
        this.registry = registry;
        points = Counter.builder("shaula.grpc.points.upserted")
                .description("Points acknowledged by upserts over gRPC")
                .register(registry);
    }

    /** A call ended. */
    void ended(String path, int code, long startNs) {
        timers.computeIfAbsent(new Key(path, code), this::timer)
                .record(System.nanoTime() - startNs, TimeUnit.NANOSECONDS);
    }

    void upserted(long count) {
        points.increment((double) count);
    }

    private Timer timer(Key key) {
        return Timer.builder("shaula.grpc.calls")
                .description("Calls from their first byte to their end")
                .tag("method", key.path().substring(1))
                .tag("code", String.valueOf(Code.forNumber(key.code())))
                .publishPercentileHistogram()
                .register(registry);
    }
}
