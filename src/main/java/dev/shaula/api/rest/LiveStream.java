package dev.shaula.api.rest;

import dev.shaula.api.wire.Failure;
import dev.shaula.api.wire.JsonWriter;
import dev.shaula.api.wire.LiveFeed;
import dev.shaula.api.wire.SocketAnswers;
import dev.shaula.api.wire.VectorForm;
import dev.shaula.model.LiveChange;
import io.smallrye.mutiny.Multi;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;

/**
 * The changes of a live query as server-sent events, until the client goes away. The next change is asked for when the
 * last one has left for the socket, so a client that reads slowly gets fewer and larger ones. While there is nothing to
 * tell, a comment goes out now and then, for idle limits on the way would cut the connection.
 */
final class LiveStream {
    private final Exchange exchange;
    private final HttpServerResponse response;
    private final VectorForm vectors;
    private final LiveFeed feed = new LiveFeed(this::changed, this::failed);
    private boolean begun;
    private boolean toldSincePulse;

    /** @param vectors how events write the vectors of points */
    LiveStream(Exchange exchange, VectorForm vectors) {
        this.vectors = vectors;
        this.exchange = exchange;
        this.response = exchange.response();
    }

    void start(Multi<LiveChange> changes) {
        exchange.onGone(feed::cancel);
        exchange.context().owner().setPeriodic(exchange.pulse().toMillis(), this::pulse);
        feed.start(changes);
    }

    /** Any thread. */
    private void changed(LiveChange change) {
        Buffer event = Buffer.buffer("event: change\ndata: ")
                .appendBytes(SocketAnswers.changed(change, vectors))
                .appendString("\n\n");
        exchange.context().runOnContext(now -> tell(event));
    }

    private void tell(Buffer event) {
        if (gone()) {
            return;
        }
        begin();
        response.write(event);
        toldSincePulse = true;
        if (response.writeQueueFull()) {
            response.drainHandler(drained -> feed.next());
        } else {
            feed.next();
        }
    }

    private void begin() {
        if (!begun) {
            begun = true;
            response.setChunked(true)
                    .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
                    .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
        }
    }

    private void pulse(long timer) {
        if (gone()) {
            exchange.context().owner().cancelTimer(timer);
        } else if (begun && !toldSincePulse && !response.writeQueueFull()) {
            response.write(":\n\n");
        }
        toldSincePulse = false;
    }

    private boolean gone() {
        return response.ended() || response.closed();
    }

    /** Any thread. */
    private void failed(Throwable why) {
        Failure failure = Failure.of(why);
        exchange.context().runOnContext(now -> {
            if (gone()) {
                return;
            }
            if (begun) {
                JsonWriter error = new JsonWriter(96 + failure.text().length()).openObject();
                error.field("status", failure.status()).field("error", failure.text());
                String json = new String(error.closeObject().toBytes(), StandardCharsets.UTF_8);
                exchange.endStream(Buffer.buffer("event: error\ndata: " + json + "\n\n"), failure.status());
            } else {
                exchange.send(Answer.of(failure));
            }
        });
    }
}
