package dev.shaula.api.wire;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import io.quarkus.runtime.ShutdownEvent;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.impl.VertxInternal;
import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The connections of all doors: how many there are, what each may hold, and how long the head of a request may take.
 * Vert.x has no time-out for heads, and bytes that come one by one keep a connection from being idle; so each event
 * loop looks through its channels now and then.
 */
@Singleton
public final class Connections {
    /** Before every door. */
    private static final int ORDER = -20;

    private static final long HEAP_OF_ONE = 32 << 10;
    private static final int MOST = 10_000;
    private static final long SHORTEST_SWEEP_MS = 10;
    private static final long LONGEST_SWEEP_MS = 1_000;

    private final int most;
    private final Duration headerTimeout;
    private final AtomicInteger open = new AtomicInteger();
    private final List<ScheduledFuture<?>> sweeps = new ArrayList<>();

    Connections(Vertx vertx, ConnectionSettings settings, Bounds bounds, MeterRegistry meters) {
        most = settings.maxConnections()
                .orElse((int) Math.min(MOST, Runtime.getRuntime().maxMemory() / HEAP_OF_ONE));
        headerTimeout = settings.headerTimeout();
        bounds.add("connections", most);
        bounds.add("header_timeout_ms", headerTimeout.toMillis());
        Gauge.builder("shaula.http.connections", open, AtomicInteger::get)
                .description("Open connections that sent a request")
                .register(meters);
        long period = Math.clamp(headerTimeout.toMillis() / 4, SHORTEST_SWEEP_MS, LONGEST_SWEEP_MS);
        for (EventExecutor executor : ((VertxInternal) vertx).getEventLoopGroup()) {
            if (executor instanceof SingleThreadEventLoop loop) {
                sweeps.add(loop.scheduleAtFixedRate(() -> sweep(loop), period, period, TimeUnit.MILLISECONDS));
            }
        }
    }

    /** Connections that are open and sent a request. */
    public int open() {
        return open.get();
    }

    /** The connection of a request. Its event loop. */
    public static ClientConnection of(HttpServerRequest request) {
        return ClientConnection.of(channel(request));
    }

    private static Channel channel(HttpServerRequest request) {
        return ((ConnectionBase) request.connection()).channel();
    }

    void routes(@Observes Router router) {
        router.route().order(ORDER).handler(this::enter);
    }

    void stop(@Observes ShutdownEvent event) {
        sweeps.forEach(sweep -> sweep.cancel(false));
    }

    private void enter(RoutingContext routing) {
        HttpServerRequest request = routing.request();
        Channel channel = channel(request);
        ClientConnection connection = ClientConnection.of(channel);
        if (connection.isNew() && !count(channel)) {
            refuse(routing);
            return;
        }
        if (request.version() == HttpVersion.HTTP_2) {
            connection.exempt();
        } else {
            connection.requestBegun();
            routing.response().endHandler(ended -> connection.requestEnded());
        }
        routing.next();
    }

    private boolean count(Channel channel) {
        boolean fits = open.incrementAndGet() <= most;
        channel.closeFuture().addListener(closed -> open.decrementAndGet());
        return fits;
    }

    private void refuse(RoutingContext routing) {
        routing.response()
                .setStatusCode(503)
                .putHeader("Retry-After", "1")
                .putHeader(HttpHeaders.CONNECTION, HttpHeaders.CLOSE)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .end(Buffer.buffer(Answers.error("connections: expected at most " + most
                        + " open at a time, got one more; nothing was stored, try again later")))
                .onComplete(sent -> routing.request().connection().close());
    }

    private void sweep(SingleThreadEventLoop loop) {
        List<Channel> channels = new ArrayList<>();
        loop.registeredChannelsIterator().forEachRemaining(channels::add);
        long now = System.nanoTime();
        for (Channel channel : channels) {
            if (channel.parent() != null) {
                ClientConnection.of(channel).check(now, headerTimeout);
            }
        }
    }
}
