package dev.shaula.api.websocket;

import dev.shaula.api.wire.Bounds;
import dev.shaula.fixture.EmbeddedNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.configuration.MemorySize;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The door to the collections of a test, with a server of its own and bounds that are soon reached. */
final class EmbeddedDoor implements AutoCloseable {
    private final Vertx vertx = Vertx.vertx();
    private final SocketDoor door;
    private final HttpServer server;

    /** @param credit of all streams; {@code window} is that of one. Both in bytes */
    EmbeddedDoor(EmbeddedNode node, long credit, long window) {
        this(node, credit, window, Duration.ofMinutes(1));
    }

    EmbeddedDoor(EmbeddedNode node, long credit, long window, Duration idleTimeout) {
        door = new SocketDoor(
                node.collections(),
                new Small(credit, window, idleTimeout),
                Optional.empty(),
                Optional.empty(),
                new Bounds(node.collections()),
                new SimpleMeterRegistry());
        HttpServerOptions options = new HttpServerOptions();
        new StreamRoute.Frames().customizeHttpServer(options);
        Router router = Router.router(vertx);
        new StreamRoute(door).routes(router);
        server = vertx.createHttpServer(options)
                .requestHandler(router)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    SocketDoor door() {
        return door;
    }

    URI base() {
        return URI.create("http://127.0.0.1:" + server.actualPort());
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private record Small(long credit, long ofOne, Duration idleTimeout) implements SocketSettings {
        private static MemorySize bytes(long n) {
            return new MemorySize(BigInteger.valueOf(n));
        }

        @Override
        public Optional<MemorySize> creditBudget() {
            return Optional.of(bytes(credit));
        }

        @Override
        public Optional<MemorySize> window() {
            return Optional.of(bytes(ofOne));
        }

        @Override
        public Optional<List<String>> origins() {
            return Optional.of(List.of("https://example.org"));
        }

        @Override
        public int maxConnections() {
            return 100;
        }

        @Override
        public int maxStreams() {
            return 100;
        }

        @Override
        public Duration resumeWindow() {
            return Duration.ofMinutes(1);
        }
    }
}
