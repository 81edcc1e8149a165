package dev.shaula.api.rest;

import dev.shaula.api.wire.RecordStream;
import dev.shaula.api.wire.RecordStream.Row;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.UniEmitter;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * The records of a request body as a publisher for one subscriber. It reads one network chunk at a time, and none while
 * records of the last wait for demand: it never holds more than the records of one chunk and an incomplete one, and the
 * rest of the body waits in the socket of the sender.
 *
 * <p>State belongs to the event loop of the connection; {@link Subscription} methods may be called from any thread.
 */
final class RecordSource implements Flow.Publisher<Point>, Flow.Subscription {
    private final HttpServerRequest request;
    private final Context context;
    private final Thread loop = Thread.currentThread();
    private final Queue<Row> rows = new ArrayDeque<>();
    private final RecordStream stream = new RecordStream(rows::add);
    private @Nullable UniEmitter<? super Row> firstWanted;
    private Flow.@Nullable Subscriber<? super Point> subscriber;
    private String collection = "";
    private int dimensions;
    private long demand;
    private boolean fetching;
    private boolean emitting;
    private boolean ended;
    private boolean stopped;
    private @Nullable Throwable failure;
    private int failedLine;
    private long taken;

    RecordSource(HttpServerRequest request, Context context) {
        this.request = request;
        this.context = context;
    }

    /** Starts reading, on the event loop; brings the first record without taking it, fails if there is none. */
    Uni<Row> first() {
        return Uni.createFrom().emitter(emitter -> {
            firstWanted = emitter;
            request.pause();
            request.handler(this::take);
            request.endHandler(end -> endOfBody());
            request.exceptionHandler(gone -> brokenOff());
            advance();
        });
    }

    /** What every record must fit; to be said before subscribing. */
    void expect(String collectionName, int collectionDimensions) {
        collection = collectionName;
        dimensions = collectionDimensions;
    }

    /** Line of the record that made the stream fail, 0 if none did. */
    int failedLine() {
        return failedLine;
    }

    /** Records that the subscriber has got. */
    long taken() {
        return taken;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super Point> newSubscriber) {
        subscriber = newSubscriber;
        newSubscriber.onSubscribe(this);
    }

    @Override
    public void request(long n) {
        if (loop.equals(Thread.currentThread())) {
            demand(n); // what is at hand is answered inside the call, so that slices are not of one row
        } else {
            context.runOnContext(now -> demand(n));
        }
    }

    private void demand(long n) {
        long sum = demand + n;
        demand = sum < 0 ? Long.MAX_VALUE : sum;
        if (!emitting) {
            advance();
        }
    }

    @Override
    public void cancel() {
        context.runOnContext(now -> stop());
    }

    private void take(Buffer chunk) {
        fetching = false;
        if (stopped || failure != null) {
            return;
        }
        try {
            Chunks.feed(chunk, stream::feed);
        } catch (VectorDbException e) {
            fail(e, stream.line());
        } catch (RuntimeException e) {
            fail(e, 0);
        }
        advance();
    }

    private void endOfBody() {
        fetching = false;
        ended = true;
        if (!stopped && failure == null) {
            try {
                stream.finish();
            } catch (VectorDbException e) {
                fail(e, stream.line());
            }
        }
        advance();
    }

    private void brokenOff() {
        if (!ended) {
            rows.clear();
            fail(VectorDbException.invalid("body: the connection broke off"), 0);
            advance();
        }
    }

    private void fail(RuntimeException why, int line) {
        if (failure == null) {
            boolean known = line > 0 && why instanceof VectorDbException;
            failure = known ? VectorDbException.invalid("line " + line + ": " + why.getMessage()) : why;
            failedLine = line;
        }
    }

    private void advance() {
        if (stopped) {
            return;
        }
        offerFirst();
        emitting = true;
        while (demand > 0 && !rows.isEmpty() && !stopped) {
            emit(rows.remove());
        }
        emitting = false;
        if (rows.isEmpty() && !stopped) {
            finishOrRead();
        }
    }

    private void offerFirst() {
        UniEmitter<? super Row> wanted = firstWanted;
        if (wanted == null || (rows.isEmpty() && failure == null && !ended)) {
            return;
        }
        firstWanted = null;
        if (!rows.isEmpty()) {
            wanted.complete(rows.element());
        } else {
            wanted.fail(failure != null ? failure : VectorDbException.invalid("body: expected records, got none"));
        }
    }

    private void emit(Row row) {
        int length = row.point().vector().length;
        String named = row.collection();
        if (length != dimensions) {
            rows.clear();
            fail(VectorDbException.invalid("vector: expected " + dimensions + " numbers, got " + length), row.line());
        } else if (named != null && !named.equals(collection)) {
            rows.clear();
            fail(
                    VectorDbException.invalid("collection: expected \"" + collection
                            + "\" as in the parameter or the first record, got another"),
                    row.line());
        } else {
            demand--;
            taken++;
            Objects.requireNonNull(subscriber).onNext(row.point());
        }
    }

    private void finishOrRead() {
        if (subscriber != null && failure != null) {
            stop();
            subscriber.onError(failure);
        } else if (subscriber != null && ended) {
            stop();
            subscriber.onComplete();
        } else if (!fetching && !ended && failure == null && (demand > 0 || firstWanted != null)) {
            fetching = true;
            request.fetch(1);
        }
    }

    private void stop() {
        stopped = true;
        rows.clear();
        stream.close();
    }
}
