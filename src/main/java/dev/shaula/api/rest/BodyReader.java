package dev.shaula.api.rest;

import dev.shaula.api.wire.Document;
import dev.shaula.api.wire.IngestBudget;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;

/** Reads one body into a document as it arrives, no faster than the ingest budget allows. Event loop only. */
final class BodyReader<T> {
    private final HttpServerRequest request;
    private final Vertx vertx;
    private final Document<T> document;
    private final long maxBytes;
    private final Duration maxWait;
    private final IngestBudget.Lease lease;
    private final UniEmitter<? super T> emitter;
    private long received;
    private long timer = -1;
    private boolean done;

    private BodyReader(
            Exchange exchange, Document<T> document, long maxBytes, Duration maxWait, UniEmitter<? super T> emitter) {
        request = exchange.request();
        vertx = exchange.context().owner();
        this.document = document;
        this.maxBytes = maxBytes;
        this.maxWait = maxWait;
        this.emitter = emitter;
        lease = exchange.lease(this::goOn);
    }

    static <T> Uni<T> read(Exchange exchange, Document<T> document, long maxBytes, Duration maxWait) {
        return Uni.createFrom().emitter(emitter -> {
            BodyReader<T> reader = new BodyReader<>(exchange, document, maxBytes, maxWait, emitter);
            if (reader.announcedTooLong()) {
                reader.fail(Exchange.bodyTooLong(maxBytes));
            } else {
                exchange.invite();
                reader.start();
            }
        });
    }

    private boolean announcedTooLong() {
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        return length != null && length.length() > 9 && new java.math.BigDecimal(length).longValue() > maxBytes;
    }

    private void start() {
        request.exceptionHandler(gone -> fail(VectorDbException.invalid("body: the connection broke off")));
        request.endHandler(end -> complete());
        request.handler(this::take);
        request.resume();
    }

    private void take(Buffer chunk) {
        if (done) {
            return;
        }
        try {
            received += chunk.length();
            if (received > maxBytes) {
                throw Exchange.bodyTooLong(maxBytes);
            }
            Chunks.feed(chunk, document::feed);
            if (!lease.hold(document.heapBytes())) {
                await();
            }
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private void await() {
        request.pause();
        timer = vertx.setTimer(Math.max(1, maxWait.toMillis()), late -> {
            timer = -1;
            fail(VectorDbException.overloaded("the server holds as many request bodies as its memory allows and none"
                    + " was finished within " + maxWait.toSeconds() + " s; nothing of this request was stored"));
        });
    }

    private void goOn() {
        if (timer >= 0) {
            vertx.cancelTimer(timer);
            timer = -1;
        }
        if (!done) {
            request.resume();
        }
    }

    private void complete() {
        if (done) {
            return;
        }
        try {
            T result = document.finish();
            done = true;
            emitter.complete(result);
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    private void fail(Throwable failure) {
        if (done) {
            return;
        }
        done = true;
        document.close();
        lease.close();
        emitter.fail(failure);
    }
}
