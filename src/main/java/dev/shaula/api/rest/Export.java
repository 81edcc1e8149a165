package dev.shaula.api.rest;

import dev.shaula.api.wire.Answers;
import dev.shaula.api.wire.ExportLines;
import dev.shaula.api.wire.Failure;
import dev.shaula.api.wire.VectorForm;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.StoredPoint;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Every point of a collection as NDJSON, as it stood when the export began. A few points are read when the client has
 * room for them: one that reads slowly holds the state of the collection for as long, and one buffer of lines, no more.
 * One that reads nothing for two minutes is cut off. When the export fails in the middle, its last line says why and the
 * connection is closed without the end of the body, so that nobody takes a part for the whole.
 *
 * <p>Signals may come from any thread: lines are made there, and sent on the event loop of the connection.
 */
final class Export implements Flow.Subscriber<List<StoredPoint>> {
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int MAX_POINTS = 256;

    private final Exchange exchange;
    private final HttpServerResponse response;
    private final VectorForm form;
    private Flow.@Nullable Subscription source;
    private boolean begun;

    Export(Exchange exchange) {
        this.exchange = exchange;
        response = exchange.response();
        form = VectorForm.of(exchange.param("vectors", "numbers"), "vectors");
    }

    void start(VectorCollection collection) {
        int rowBytes = 256 + 12 * collection.config().dimensions();
        ScrollRequest everything =
                new ScrollRequest(ScrollRequest.Order.INSERTION, null, form != VectorForm.NONE, true);
        collection
                .scroll(everything)
                .group()
                .intoLists()
                .of(Math.clamp(BUFFER_BYTES / rowBytes, 1, MAX_POINTS))
                .subscribe()
                .withSubscriber(this);
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
        source = subscription;
        exchange.onGone(subscription::cancel);
        subscription.request(1);
    }

    @Override
    public void onNext(List<StoredPoint> points) {
        Buffer lines = Buffer.buffer(ExportLines.of(points, form));
        onLoop(() -> send(lines));
    }

    private void send(Buffer lines) {
        if (gone()) {
            return;
        }
        begin();
        response.write(lines);
        if (response.writeQueueFull()) {
            response.drainHandler(drained -> ask());
        } else {
            ask();
        }
    }

    private void ask() {
        if (source != null) {
            source.request(1);
        }
    }

    private void begin() {
        if (!begun) {
            begun = true;
            response.setChunked(true).putHeader(HttpHeaders.CONTENT_TYPE, "application/x-ndjson");
        }
    }

    private boolean gone() {
        return response.ended() || response.closed();
    }

    private void onLoop(Runnable work) {
        exchange.context().runOnContext(now -> work.run());
    }

    @Override
    public void onError(Throwable thrown) {
        Failure failure = Failure.of(thrown);
        onLoop(() -> {
            if (!begun) {
                exchange.send(Answer.of(failure));
            } else if (!gone()) {
                response.write(Buffer.buffer(Answers.error(failure.text())))
                        .onComplete(sent -> exchange.breakOff(failure.status()));
            }
        });
    }

    @Override
    public void onComplete() {
        onLoop(() -> {
            if (!gone()) {
                begin();
                exchange.endStream(Buffer.buffer(), 200);
            }
        });
    }
}
