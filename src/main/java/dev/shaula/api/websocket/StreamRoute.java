package dev.shaula.api.websocket;

import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.ClientConnection;
import dev.shaula.api.wire.Connections;
import dev.shaula.model.Limits;
import io.quarkus.vertx.http.HttpServerOptionsCustomizer;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Turns upgrade requests to {@code /vectors/stream} into sockets; any other request to it is about a point of that id. */
@ApplicationScoped
class StreamRoute {
    private static final String PATH = "/vectors/stream";

    private final SocketDoor door;

    StreamRoute(SocketDoor door) {
        this.door = door;
    }

    void routes(@Observes Router router) {
        router.get(PATH).order(-1).handler(this::upgrade);
    }

    private void upgrade(RoutingContext routing) {
        if (!routing.request().headers().contains(HttpHeaders.UPGRADE, HttpHeaders.WEBSOCKET, true)) {
            routing.next();
        } else if (!door.welcomes(
                routing.request().getHeader(HttpHeaders.ORIGIN),
                routing.request().getHeader(HttpHeaders.HOST))) {
            refuse(routing, 403, "Origin: expected this server or one of shaula.websocket.origins, got another");
        } else if (!door.enter()) {
            routing.response().putHeader("Retry-After", "1");
            refuse(routing, 503, "too many sockets are open; try again later");
        } else {
            routing.request()
                    .toWebSocket()
                    .onSuccess(socket -> {
                        ClientConnection connection = Connections.of(routing.request());
                        connection.exempt();
                        new Connection(socket, routing.vertx().getOrCreateContext(), connection.sender(), door).start();
                    })
                    .onFailure(refused -> door.leave());
        }
    }

    private static void refuse(RoutingContext routing, int status, String text) {
        routing.response()
                .setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
                .end(Buffer.buffer(Answers.error(text)));
    }

    /** Frames as long as messages, for browsers do not split them; no compression, for its ratio has no bound. */
    @Singleton
    static final class Frames implements HttpServerOptionsCustomizer {
        /** How long a client may take to answer a close before its connection is cut. */
        private static final int CLOSING_SECONDS = 2;

        @Override
        public void customizeHttpServer(HttpServerOptions options) {
            options.setMaxWebSocketFrameSize(Limits.MAX_SOCKET_MESSAGE_BYTES)
                    .setMaxWebSocketMessageSize(Limits.MAX_SOCKET_MESSAGE_BYTES)
                    .setWebSocketClosingTimeout(CLOSING_SECONDS)
                    .setPerFrameWebSocketCompressionSupported(false)
                    .setPerMessageWebSocketCompressionSupported(false);
        }

        @Override
        public void customizeHttpsServer(HttpServerOptions options) {
            customizeHttpServer(options);
        }
    }
}
