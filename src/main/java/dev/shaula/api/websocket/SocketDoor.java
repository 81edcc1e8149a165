package dev.shaula.api.websocket;

import dev.shaula.api.wire.Bounds;
import dev.shaula.api.wire.QueryDefaults;
import dev.shaula.collection.ByteBudget;
import dev.shaula.collection.CollectionRegistry;
import dev.shaula.model.Limits;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.configuration.MemorySize;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/** What all sockets share. Thread-safe. */
@Singleton
final class SocketDoor {
    private static final int MAX_ACCOUNTS = 1_000;
    /** A stream that comes late gets what leaves as much for so many more. */
    private static final long WINDOWS_LEFT = 64;

    private static final long LEAST_WINDOW = 64 << 10;
    private static final long SMALLEST_WINDOW = 512 << 10;
    private static final long LARGEST_WINDOW = 1 << 20;

    private final CollectionRegistry registry;
    private final QueryDefaults defaults;
    private final ByteBudget credit;
    /** Those of collections that have a stream open, and some that had. */
    private final Map<String, ByteBudget.Account> accounts = new ConcurrentHashMap<>();

    private final long window;
    private final Duration idleTimeout;
    private final Set<String> origins;
    private final int maxConnections;
    private final AtomicInteger connections = new AtomicInteger();
    private final StreamTable streams;

    SocketDoor(
            CollectionRegistry registry,
            SocketSettings settings,
            @ConfigProperty(name = "shaula.default-threshold") Optional<Float> threshold,
            @ConfigProperty(name = "shaula.default-top-k-cap") Optional<Integer> topKCap,
            Bounds bounds,
            MeterRegistry meters) {
        this.registry = registry;
        this.defaults = new QueryDefaults(threshold.orElse(0f), topKCap.orElse(Integer.MAX_VALUE));
        long budget = settings.creditBudget()
                .map(MemorySize::asLongValue)
                .orElse(Runtime.getRuntime().maxMemory() / 8);
        this.credit = new ByteBudget(budget);
        this.window = Math.min(
                Limits.MAX_SOCKET_MESSAGE_BYTES,
                settings.window()
                        .map(MemorySize::asLongValue)
                        .orElse(Math.clamp(budget / 128, SMALLEST_WINDOW, LARGEST_WINDOW)));
        bounds.add("websocket_credit_bytes", budget);
        bounds.add("websocket_window_bytes", window);
        bounds.add("websocket_connections", settings.maxConnections());
        bounds.add("websocket_streams", settings.maxStreams());
        this.idleTimeout = settings.idleTimeout();
        this.origins = Set.copyOf(settings.origins().orElse(List.of()));
        this.maxConnections = settings.maxConnections();
        this.streams = new StreamTable(settings.maxStreams(), settings.resumeWindow(), Clock.systemUTC());
        Gauge.builder("shaula.websocket.connections", connections, AtomicInteger::get)
                .description("Open WebSockets")
                .register(meters);
        Gauge.builder("shaula.websocket.credit.used", credit, ByteBudget::used)
                .description("Credit that upsert streams hold")
                .baseUnit("bytes")
                .register(meters);
        Gauge.builder("shaula.websocket.streams", streams, StreamTable::size)
                .description("Upsert streams that are open or remembered")
                .register(meters);
    }

    CollectionRegistry registry() {
        return registry;
    }

    QueryDefaults defaults() {
        return defaults;
    }

    ByteBudget credit() {
        return credit;
    }

    /** Credit of one stream, which it has once the share is granted. */
    record Credit(long bytes, ByteBudget.Waiter share) {}

    /**
     * Asks for the credit of one more stream into a collection: a whole window while there is much left for the
     * collection, less the less there is, so that a hundred greedy streams do not keep the next one from its turn.
     */
    Credit acquireCredit(String collection) {
        if (accounts.size() > MAX_ACCOUNTS) {
            accounts.values().removeIf(account -> account.used() == 0);
        }
        long limit = credit.capacity() / 2;
        ByteBudget.Account account = accounts.computeIfAbsent(collection, name -> credit.account(limit));
        long left = Math.min(limit - account.used(), credit.capacity() - credit.used());
        long bytes = Math.clamp(left / WINDOWS_LEFT, Math.min(window, LEAST_WINDOW), window);
        return new Credit(bytes, account.acquire(null, bytes));
    }

    Duration idleTimeout() {
        return idleTimeout;
    }

    StreamTable streams() {
        return streams;
    }

    /**
     * Whether a page of this origin may connect.
     *
     * @param origin as the browser sent it; null if none was sent
     * @param host the authority that the request was sent to, as {@code localhost:8080}
     */
    boolean welcomes(@Nullable String origin, @Nullable String host) {
        return origin == null
                || origins.contains(origin)
                || origin.equals("http://" + host)
                || origin.equals("https://" + host);
    }

    /** Takes a place for a socket; false if there is none. */
    boolean enter() {
        if (connections.incrementAndGet() <= maxConnections) {
            return true;
        }
        connections.decrementAndGet();
        return false;
    }

    void leave() {
        connections.decrementAndGet();
    }
}
