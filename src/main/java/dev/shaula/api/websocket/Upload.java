package dev.shaula.api.websocket;

import dev.shaula.api.wire.Failure;
import dev.shaula.api.wire.SocketAnswers;
import dev.shaula.api.wire.SocketMessage;
import dev.shaula.collection.Sender;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.Ack;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.operators.multi.processors.UnicastProcessor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Consumer;

/**
 * An upsert stream from its opening until everything it received is stored, which may be after its socket is gone. What
 * waits in it is bounded by the credit of its client; credit comes back when batches are acknowledged, so a slow shard
 * stops the client. Thread-safe: batches come on the event loop of the socket, answers on threads of the engine.
 */
final class Upload {
    /** A batch that is not acknowledged: complete when {@code end} points are stored. */
    private record Batch(long number, long end, long bytes) {}

    private final String name;
    private final String collectionName;
    private final VectorCollection collection;
    private final Sender sender;
    private final Ack ack;
    private final StreamTable table;
    private final SocketDoor.Credit granted;
    private final UnicastProcessor<Point> points = UnicastProcessor.create();
    /** Held while a batch is handed on, so that none is cut by the end; taken before the lock of this object. */
    private final Object delivery = new Object();

    private final Queue<Batch> batches = new ArrayDeque<>();
    private final List<Runnable> onEnd = new ArrayList<>();

    private Consumer<byte[]> client;
    private long credit;
    private long acknowledged;
    private long received;
    private long taken;
    private long stored;
    private List<Long> sequences = List.of();
    private boolean finishing;
    private boolean byClient;
    private boolean ended;

    /**
     * A stream that has not begun.
     *
     * @param sender the connection, as the write budget sees it
     * @param client takes messages for the client, on any thread, without blocking
     */
    Upload(
            SocketMessage.Open wish,
            VectorCollection collection,
            Sender sender,
            SocketDoor door,
            Consumer<byte[]> client) {
        this.sender = sender;
        this.name = wish.stream();
        this.collection = collection;
        this.collectionName = collection.config().name();
        this.ack = wish.ack();
        this.table = door.streams();
        this.granted = door.acquireCredit(collectionName);
        this.client = client;
    }

    String name() {
        return name;
    }

    /** Name in the table: two collections may have streams of one name. */
    String key() {
        return collectionName + "/" + name;
    }

    int dimensions() {
        return collection.config().dimensions();
    }

    synchronized long acknowledged() {
        return acknowledged;
    }

    /** Called by the table before anything else happens. */
    synchronized void goOnAfter(long lastAcknowledged) {
        acknowledged = lastAcknowledged;
        received = lastAcknowledged;
    }

    /** Tells the client where it stands, and starts to take batches. */
    void start() {
        synchronized (this) {
            credit = granted.share().isGranted() ? granted.bytes() : 0;
            client.accept(SocketAnswers.opened(name, acknowledged, credit, dimensions()));
        }
        if (credit() == 0) {
            granted.share().onGranted(this::granted);
        }
        collection.sentBy(sender).upsert(points, ack).subscribe().with(this::stored, this::failed, this::completed);
    }

    private synchronized long credit() {
        return credit;
    }

    private synchronized void granted() {
        if (!ended) {
            credit += granted.bytes();
            client.accept(SocketAnswers.credit(name, granted.bytes()));
        }
    }

    /** Whether a message of so many bytes is within the credit; takes it if so. */
    synchronized boolean pay(long bytes) {
        if (bytes > credit) {
            return false;
        }
        credit -= bytes;
        return true;
    }

    /** Bytes that the client may send, for telling. */
    synchronized long left() {
        return credit;
    }

    /** Nothing of a message is stored: its bytes may be sent again. */
    synchronized void payBack(long bytes) {
        credit += bytes;
    }

    /**
     * Takes a batch that was paid for.
     *
     * @throws VectorDbException (invalid) if it is not the next one or a point does not fit; nothing of it is stored then
     */
    void receive(SocketMessage.Upsert batch, long bytes) {
        synchronized (delivery) {
            accept(batch, bytes);
            // Not under the lock of this object, for the collection may store and answer inside this call.
            batch.points().forEach(points::onNext);
        }
    }

    private synchronized void accept(SocketMessage.Upsert batch, long bytes) {
        if (ended || finishing) {
            throw VectorDbException.conflict("stream: \"" + name + "\" is closed");
        }
        if (received > 0 && batch.batch() != received + 1) {
            throw VectorDbException.invalid("batch: expected " + (received + 1) + ", got " + batch.batch());
        }
        check(batch.points());
        received = batch.batch();
        taken += batch.points().size();
        batches.add(new Batch(batch.batch(), taken, bytes));
    }

    private void check(List<Point> batch) {
        int expected = dimensions();
        for (int i = 0; i < batch.size(); i++) {
            int length = batch.get(i).vector().length;
            if (length != expected) {
                throw VectorDbException.invalid(
                        "vectors[" + i + "].vector: expected " + expected + " numbers, got " + length);
            }
        }
    }

    private synchronized void stored(WriteResult slice) {
        stored += slice.count();
        sequences = WriteResult.latest(sequences, slice.sequences());
        long back = 0;
        for (Batch next = batches.peek(); next != null && next.end() <= stored; next = batches.peek()) {
            batches.remove();
            acknowledged = next.number();
            back += next.bytes();
        }
        if (back > 0) {
            credit += back;
            client.accept(SocketAnswers.acknowledged(name, acknowledged, stored, sequences, back));
        }
    }

    /** No batch follows: stores what was received, then ends. */
    void finish(boolean saidByClient) {
        synchronized (delivery) {
            synchronized (this) {
                if (finishing || ended) {
                    return;
                }
                finishing = true;
                byClient = saidByClient;
            }
            points.onComplete();
        }
    }

    /** Its socket is gone, or another one has taken over: nobody is told anything any more. */
    void abandon() {
        synchronized (this) {
            client = message -> {};
        }
        finish(false);
    }

    /** Calls back when everything is stored that will be; at once if that is so already. */
    void onEnd(Runnable callback) {
        synchronized (this) {
            if (!ended) {
                onEnd.add(callback);
                return;
            }
        }
        callback.run();
    }

    private void completed() {
        synchronized (this) {
            if (byClient) {
                client.accept(SocketAnswers.closed(name, acknowledged));
            }
        }
        end(!byClient);
    }

    private void failed(Throwable why) {
        Failure failure = Failure.of(why);
        synchronized (this) {
            client.accept(SocketAnswers.ended(name, failure, acknowledged));
        }
        end(true);
    }

    /** It cannot begin. */
    void refuse(Failure failure) {
        synchronized (this) {
            client.accept(SocketAnswers.failed(new SocketMessage.About(null, name, 0), failure, 0));
        }
        end(false);
    }

    private void end(boolean remember) {
        List<Runnable> waiting;
        synchronized (this) {
            ended = true;
            waiting = List.copyOf(onEnd);
        }
        granted.share().release();
        table.leave(this, remember);
        waiting.forEach(Runnable::run);
    }
}
