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
    /** A long has room for so many. */
    private static final int MAX_DIGITS = 18;

    private final HttpServerRequest request;
    private final Vertx vertx;
    private final Document<T> document;
    private final Bounds bounds;
    private final IngestBudget.Lease lease;
    private final UniEmitter<? super T> emitter;
    private long received;
    private long receivedAtTick;
    private long timer = -1;
    private final long ticker;
    private boolean done;

    /**
     * What a body may be.
     *
     * @param bytes in all
     * @param patience how long it may wait for heap
     * @param silence how long its sender may say nothing while he is listened to
     */
    record Bounds(long bytes, Duration patience, Duration silence) {}

    private BodyReader(Exchange exchange, Document<T> document, Bounds bounds, UniEmitter<? super T> emitter) {
        request = exchange.request();
        vertx = exchange.context().owner();
        this.document = document;
        this.bounds = bounds;
        this.emitter = emitter;
        lease = exchange.lease(this::goOn);
        ticker = vertx.setPeriodic(Math.max(1, bounds.silence().toMillis()), this::tick);
    }

    static <T> Uni<T> read(Exchange exchange, Document<T> document, Bounds bounds) {
        return Uni.createFrom().emitter(emitter -> {
            BodyReader<T> reader = new BodyReader<>(exchange, document, bounds, emitter);
            if (reader.announcedTooLong()) {
                reader.fail(Exchange.bodyTooLong(bounds.bytes()));
            } else {
                exchange.invite();
                reader.start();
            }
        });
    }

    private boolean announcedTooLong() {
        String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        // Digits alone: the decoder of the connection has refused anything else.
        return length != null && (length.length() > MAX_DIGITS || Long.parseLong(length) > bounds.bytes());
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
            if (received > bounds.bytes()) {
                throw Exchange.bodyTooLong(bounds.bytes());
            }
            Chunks.feed(chunk, document::feed);
            if (!lease.hold(document.heapBytes())) {
                await();
            }
        } catch (RuntimeException e) {
            fail(e);
        }
    }

    /** Between one and two times of silence: a sender who is waited for, and not one who waits for us. */
    private void tick(long id) {
        if (timer < 0 && received == receivedAtTick) {
            fail(new VectorDbException(
                    VectorDbException.Kind.TIMEOUT,
                    "body: expected more of it within " + bounds.silence().toMillis() + " ms, got nothing after "
                            + received + " bytes; nothing was stored"));
        }
        receivedAtTick = received;
    }

    private void await() {
        request.pause();
        timer = vertx.setTimer(Math.max(1, bounds.patience().toMillis()), late -> {
            timer = -1;
            fail(VectorDbException.overloaded(
                    "the server holds as many request bodies as its memory allows and none" + " was finished within "
                            + bounds.patience().toSeconds() + " s; nothing of this request was stored"));
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
            vertx.cancelTimer(ticker);
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
        vertx.cancelTimer(ticker);
        document.close();
        lease.close();
        emitter.fail(failure);
    }
}
