package dev.shaula.api.grpc;

import dev.shaula.model.Limits;
import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.http.HttpServerOptions;
import jakarta.inject.Singleton;

/**
 * How much a connection of HTTP/2 may have on its way to us. A stream that is not read keeps its window full; were the
 * connection's window not as large as those of all its streams together, one stream that waits for a shard would keep
 * every other call of the connection waiting.
 */
@Singleton
final class Http2 implements HttpServerOptionsCustomizer {
    /** The protocol's own default. */
    static final int STREAM_WINDOW = 65_535;
    /**
     * Calls that clients may break off in {@link #RESET_WINDOW_S} seconds before their connection is taken for an attack.
     * The default of 200 in 30 seconds is what a client with deadlines reaches by itself; a search broken off costs us
     * less than one that is answered.
     */
    private static final int MAX_RESETS = 20_000;

    private static final int RESET_WINDOW_S = 30;

    @Override
    public void customizeHttpServer(HttpServerOptions options) {
        options.getInitialSettings().setMaxConcurrentStreams(Limits.MAX_CALLS).setInitialWindowSize(STREAM_WINDOW);
        options.setHttp2ConnectionWindowSize(Limits.MAX_CALLS * STREAM_WINDOW);
        options.setHttp2RstFloodMaxRstFramePerWindow(MAX_RESETS);
        options.setHttp2RstFloodWindowDuration(RESET_WINDOW_S);
    }
}
