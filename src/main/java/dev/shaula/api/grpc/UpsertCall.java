package dev.shaula.api.grpc;

import dev.shaula.api.grpc.v1.UpsertAck;
import dev.shaula.api.grpc.v1.UpsertStreamRequest;
import dev.shaula.api.wire.Targets;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.Ack;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.subscription.Cancellable;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * A stream of batches into a collection. It is the publisher of the points: a message is read when the collection asks
 * for a point and the message before is used up, so that the client is paced by what the shards accept. A client that
 * does not read its acknowledgements delays them but never the stream: those that do not fit are added up into one, and
 * so nobody holds a share of the write budget by not reading.
 *
 * <p>State belongs to the event loop of the call; {@link Flow.Subscription} methods may be called from any thread.
 */
final class UpsertCall
        implements MessageReader.Listener<UpsertStreamRequest>, Flow.Publisher<Point>, Flow.Subscription {
    private final Call<UpsertStreamRequest, UpsertAck> call;
    private final Targets targets;
    private final GrpcMetrics metrics;
    private final Thread loop = Thread.currentThread();

    private String collection = "";
    private Ack ack = Ack.INDEXED;
    private int dimensions;
    private boolean opened;
    private Flow.@Nullable Subscriber<? super Point> subscriber;
    private Iterator<Point> points = List.<Point>of().iterator();
    private long demand;
    private boolean emitting;
    private boolean ended;
    private @Nullable VectorDbException failure;
    private boolean finished;

    /** Batches that were read and are not stored to their end, in order. */
    private final Queue<Batch> batches = new ArrayDeque<>();

    private long lastBatch = -1;
    private long read;
    private long stored;
    private List<Long> sequences = List.of();
    private long told;
    private long toldBatch = -1;
    private long storedBatch = -1;

    /** @param end points of the stream up to the end of the batch */
    private record Batch(long number, long end) {}

    UpsertCall(Call<UpsertStreamRequest, UpsertAck> call, Targets targets, GrpcMetrics metrics) {
        this.call = call;
        this.targets = targets;
        this.metrics = metrics;
    }

    void start() {
        call.read(this);
        call.pull();
    }

    @Override
    public void message(UpsertStreamRequest message) {
        try {
            List<Point> given = take(message);
            batches.add(new Batch(message.getBatch(), read));
            points = given.iterator();
            if (opened) {
                advance();
            } else {
                open(message, given.getFirst().vector().length);
            }
        } catch (VectorDbException e) {
            failed(VectorDbException.invalid(
                    "batch " + Long.toUnsignedString(message.getBatch()) + ": " + e.getMessage()));
        }
    }

    private List<Point> take(UpsertStreamRequest message) {
        long number = message.getBatch();
        if (read > 0 && Long.compareUnsigned(number, lastBatch) <= 0) {
            throw VectorDbException.invalid("batch: expected more than " + Long.toUnsignedString(lastBatch));
        }
        if (opened
                && !message.getCollection().isEmpty()
                && !message.getCollection().equals(collection)) {
            throw VectorDbException.invalid(
                    "collection: expected \"" + collection + "\" as in the first message, or none, got another");
        }
        Writes.checkUnconditional(message.getPointsList());
        List<Point> given = Writes.points(message.getPointsList());
        if (opened) {
            Messages.checkLength("points[0].", dimensions, given.getFirst().vector().length);
        }
        lastBatch = number;
        read += given.size();
        return given;
    }

    private void open(UpsertStreamRequest first, int length) {
        opened = true;
        collection = Messages.collection(first.getCollection());
        ack = Messages.ack(first.getAck());
        targets.dimensions(collection); // refuses an impossible name
        Cancellable opening = targets.findOrCreate(collection, length)
                .subscribe()
                .with(target -> call.onLoop(() -> store(target, length)), call::failAnywhere);
        call.onEnd(opening::cancel);
    }

    private void store(VectorCollection target, int length) {
        dimensions = target.config().dimensions();
        Messages.checkLength("points[0].", dimensions, length);
        Cancellable storing = target.sentBy(call.sender())
                .upsert(Multi.createFrom().publisher(this), ack)
                .subscribe()
                .with(
                        slice -> call.onLoop(() -> stored(slice)),
                        failure -> call.onLoop(() -> brokenOff(failure)),
                        () -> call.onLoop(this::completed));
        call.onEnd(storing::cancel);
    }

    @Override
    public void ended() {
        ended = true;
        if (opened) {
            advance();
        } else {
            call.fail(VectorDbException.invalid("stream: expected at least one batch, got none"));
        }
    }

    /** What was read before is still stored and acknowledged; then the call ends. */
    @Override
    public void failed(VectorDbException why) {
        failure = why;
        if (subscriber == null) {
            call.fail(why);
        } else {
            advance();
        }
    }

    @Override
    public void subscribe(Flow.Subscriber<? super Point> newSubscriber) {
        subscriber = newSubscriber;
        newSubscriber.onSubscribe(this);
    }

    @Override
    public void request(long n) {
        if (loop.equals(Thread.currentThread())) {
            demand(n); // what is at hand is answered inside the call, so that slices are not of one point
        } else {
            call.onLoop(() -> demand(n));
        }
    }

    private void demand(long n) {
        long sum = demand + n;
        demand = sum < 0 ? Long.MAX_VALUE : sum;
        advance();
    }

    @Override
    public void cancel() {
        call.onLoop(() -> finished = true);
    }

    private void advance() {
        Flow.Subscriber<? super Point> to = subscriber;
        if (to == null || emitting || finished) {
            return;
        }
        emitting = true;
        while (demand > 0 && points.hasNext() && !finished) {
            demand--;
            to.onNext(points.next());
        }
        emitting = false;
        if (!points.hasNext() && !finished) {
            finishOrPull(to);
        }
    }

    private void finishOrPull(Flow.Subscriber<? super Point> to) {
        if (failure != null) {
            finished = true;
            to.onError(failure);
        } else if (ended) {
            finished = true;
            to.onComplete();
        } else if (demand > 0) {
            call.pull();
        }
    }

    private void stored(WriteResult slice) {
        metrics.upserted(slice.count());
        stored += slice.count();
        sequences = WriteResult.latest(sequences, slice.sequences());
        for (Batch next = batches.peek(); next != null && next.end() <= stored; next = batches.peek()) {
            storedBatch = next.number();
            batches.remove();
        }
        if (call.isFull()) {
            call.onRoom(this::tell);
        } else {
            tell();
        }
    }

    private void tell() {
        if (storedBatch != toldBatch) {
            call.write(UpsertAck.newBuilder()
                    .setBatch(storedBatch)
                    .setCount((int) (stored - told))
                    .setTotal(stored)
                    .setAck(Messages.ack(ack))
                    .addAllSequences(sequences)
                    .build());
            toldBatch = storedBatch;
            told = stored;
        }
    }

    private void brokenOff(Throwable failure) {
        tell();
        call.fail(failure);
    }

    private void completed() {
        tell();
        call.end();
    }
}
