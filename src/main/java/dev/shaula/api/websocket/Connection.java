package dev.shaula.api.websocket;

import dev.shaula.api.wire.Failure;
import dev.shaula.api.wire.LiveFeed;
import dev.shaula.api.wire.SocketAnswers;
import dev.shaula.api.wire.SocketMessage;
import dev.shaula.api.wire.VectorForm;
import dev.shaula.collection.Sender;
import dev.shaula.collection.VectorCollection;
import dev.shaula.model.Limits;
import dev.shaula.model.LiveChange;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.subscription.Cancellable;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One socket: upsert streams, queries and live queries side by side. It is not read while its client does not read its
 * answers or has too many queries under way. Everything runs on its event loop, unless a method says otherwise.
 */
final class Connection {
    private static final int LONGEST_REASON = 120; // of the 123 bytes that a close frame has

    private final ServerWebSocket socket;
    private final Context context;
    private final Sender sender;
    private final SocketDoor door;
    private final Map<String, Upload> uploads = new HashMap<>();
    private final Map<String, Cancellable> queries = new HashMap<>();
    private final Map<String, LiveFeed> feeds = new HashMap<>();
    /** Live queries whose last change is sent, while the socket has no room for the next. */
    private final Set<LiveFeed> blocked = new LinkedHashSet<>();

    private @Nullable IncomingMessage incoming;
    private long heardNs = System.nanoTime();
    private long timer = -1;
    private boolean paused;
    private boolean over;

    Connection(ServerWebSocket socket, Context context, Sender sender, SocketDoor door) {
        this.sender = sender;
        this.socket = socket;
        this.context = context;
        this.door = door;
    }

    /** Takes the socket over; to be called before control returns to the event loop. */
    void start() {
        socket.frameHandler(this::take);
        socket.pongHandler(pong -> heardNs = System.nanoTime());
        socket.drainHandler(drained -> goOn());
        socket.exceptionHandler(broken -> end());
        socket.closeHandler(closed -> end());
        Duration idle = door.idleTimeout();
        timer = context.owner().setPeriodic(Math.max(1, idle.toMillis() / 4), due -> pulse(idle.toNanos()));
    }

    private void pulse(long idleNs) {
        if (System.nanoTime() - heardNs > idleNs && !paused) {
            close(CloseCode.IDLE, "nothing received for " + idleNs / 1_000_000 + " ms");
        } else if (!socket.isClosed() && !socket.writeQueueFull()) {
            socket.writePing(Buffer.buffer("shaula"));
        }
    }

    // --- reading -----------------------------------------------------------------------------------------------

    private void take(WebSocketFrame frame) {
        heardNs = System.nanoTime();
        if (over || !(frame.isText() || frame.isBinary() || frame.isContinuation())) {
            return;
        }
        if (incoming == null) {
            incoming = new IncomingMessage(frame.isText(), door.defaults());
        }
        IncomingMessage message = incoming;
        message.add(frame.binaryData());
        if (message.bytes() > Limits.MAX_SOCKET_MESSAGE_BYTES) {
            close(CloseCode.TOO_LONG, "expected messages of at most " + Limits.MAX_SOCKET_MESSAGE_BYTES + " bytes");
        } else if (frame.isFinal()) {
            incoming = null;
            complete(message);
        }
    }

    private void complete(IncomingMessage message) {
        try {
            SocketMessage read = message.finish(this::dimensionsOf);
            dispatch(read, message);
        } catch (RuntimeException e) {
            refuse(message, e);
        } finally {
            message.close();
        }
        if (!over && (socket.writeQueueFull() || queries.size() >= Limits.MAX_SOCKET_QUERIES)) {
            paused = true;
            socket.pause();
        }
    }

    private int dimensionsOf(String stream) {
        return upload(stream).dimensions();
    }

    private void goOn() {
        if (over || socket.writeQueueFull()) {
            return;
        }
        List<LiveFeed> free = List.copyOf(blocked);
        blocked.clear();
        free.forEach(LiveFeed::next);
        if (paused && queries.size() < Limits.MAX_SOCKET_QUERIES) {
            paused = false;
            heardNs = System.nanoTime();
            socket.resume();
        }
    }

    private void dispatch(SocketMessage read, IncomingMessage message) {
        switch (read) {
            case SocketMessage.Open open -> open(open);
            case SocketMessage.Upsert upsert -> upsert(upsert, message.bytes());
            case SocketMessage.Close close -> upload(close.stream()).finish(true);
            case SocketMessage.Query query -> query(query);
            case SocketMessage.Cancel cancel -> cancel(cancel.id());
            case SocketMessage.Subscribe subscribe -> subscribe(subscribe);
            case SocketMessage.Unsubscribe unsubscribe -> unsubscribe(unsubscribe.id());
            case SocketMessage.Ping ping -> send(SocketAnswers.pong());
        }
    }

    /** A batch or request that is known by its name is refused alone; anything else ends the socket. */
    private void refuse(IncomingMessage message, RuntimeException why) {
        SocketMessage.About about = message.about();
        Failure failure = Failure.of(why);
        String stream = about.stream();
        Upload upload = stream == null ? null : uploads.get(stream);
        if (about.batch() > 0 && upload != null) {
            if (pay(upload, message.bytes())) {
                upload.payBack(message.bytes());
                send(SocketAnswers.failed(about, failure, message.bytes()));
            }
        } else if (about.id() != null || stream != null) {
            send(SocketAnswers.failed(about, failure, 0));
        } else {
            send(SocketAnswers.failed(about, failure, 0));
            close(CloseCode.MALFORMED, failure.text());
        }
    }

    // --- upsert streams ----------------------------------------------------------------------------------------

    private Upload upload(String stream) {
        Upload upload = uploads.get(stream);
        if (upload == null) {
            throw VectorDbException.notFound("stream: \"" + stream + "\" is not open on this socket");
        }
        return upload;
    }

    private void open(SocketMessage.Open wish) {
        if (uploads.containsKey(wish.stream())) {
            throw VectorDbException.conflict("stream: \"" + wish.stream() + "\" is open on this socket already");
        }
        if (uploads.size() >= Limits.MAX_SOCKET_STREAMS) {
            throw VectorDbException.overloaded("stream: expected at most " + Limits.MAX_SOCKET_STREAMS
                    + " streams on one socket; close one first");
        }
        VectorCollection collection = door.registry().require(wish.collection());
        Upload upload = new Upload(wish, collection, sender, door, this::sendFromAnywhere);
        uploads.put(wish.stream(), upload);
        upload.onEnd(() -> context.runOnContext(ended -> uploads.remove(wish.stream(), upload)));
        enter(upload);
    }

    /** Waits until whoever had the stream before has stored what it received: only then is known what is stored. */
    private void enter(Upload upload) {
        try {
            Upload before = door.streams().enter(upload);
            if (before == null) {
                upload.start();
            } else {
                before.abandon();
                before.onEnd(() -> context.runOnContext(ended -> enter(upload)));
            }
        } catch (VectorDbException e) {
            upload.refuse(Failure.of(e));
        }
    }

    private void upsert(SocketMessage.Upsert batch, long bytes) {
        Upload upload = upload(batch.stream());
        if (pay(upload, bytes)) {
            try {
                upload.receive(batch, bytes);
            } catch (VectorDbException e) {
                upload.payBack(bytes);
                send(SocketAnswers.failed(
                        new SocketMessage.About(null, batch.stream(), batch.batch()), Failure.of(e), bytes));
            }
        }
    }

    private boolean pay(Upload upload, long bytes) {
        if (upload.pay(bytes)) {
            return true;
        }
        close(
                CloseCode.CREDIT_OVERRUN,
                "stream \"" + upload.name() + "\": message of " + bytes + " bytes, credit " + upload.left());
        return false;
    }

    // --- queries -----------------------------------------------------------------------------------------------

    private void query(SocketMessage.Query query) {
        checkFree(query.id());
        VectorCollection collection = door.registry().require(query.collection());
        checkLength(collection.config().dimensions(), query.search().vector().length);
        queries.put(
                query.id(),
                collection
                        .search(query.search())
                        .subscribe()
                        .with(
                                found -> answered(query.id(), SocketAnswers.found(query.id(), found, query.vectors())),
                                e -> answered(query.id(), failure(query.id(), e))));
    }

    /** In the words of the other doors. */
    private static void checkLength(int expected, int length) {
        if (length != expected) {
            throw VectorDbException.invalid("vector: expected " + expected + " numbers, got " + length);
        }
    }

    private void checkFree(String id) {
        if (queries.containsKey(id) || feeds.containsKey(id)) {
            throw VectorDbException.conflict("id: \"" + id + "\" is under way on this socket already");
        }
    }

    private static byte[] failure(String id, Throwable why) {
        return SocketAnswers.failed(new SocketMessage.About(id, null, 0), Failure.of(why), 0);
    }

    /** Any thread: the answer is written where it was found, and only sent on the event loop. */
    private void answered(String id, byte[] answer) {
        context.runOnContext(now -> {
            if (queries.remove(id) != null) {
                send(answer);
            }
            goOn();
        });
    }

    private void cancel(String id) {
        Cancellable running = queries.remove(id);
        if (running != null) {
            running.cancel();
            send(failure(id, new VectorDbException(VectorDbException.Kind.CONFLICT, "cancelled")));
        }
    }

    // --- live queries ------------------------------------------------------------------------------------------

    private void subscribe(SocketMessage.Subscribe wish) {
        String id = wish.id();
        checkFree(id);
        if (feeds.size() >= Limits.MAX_SOCKET_LIVE_QUERIES) {
            throw VectorDbException.overloaded("id: expected at most " + Limits.MAX_SOCKET_LIVE_QUERIES
                    + " live queries on one socket; unsubscribe from one first");
        }
        LiveQuery query = LiveQuery.of(wish.search());
        VectorCollection collection = door.registry().require(wish.collection());
        LiveFeed feed = new LiveFeed(change -> changed(id, change, wish.vectors()), e -> liveFailed(id, e));
        feeds.put(id, feed);
        feed.start(collection.subscribe(query));
    }

    /** Any thread. */
    private void changed(String id, LiveChange change, VectorForm vectors) {
        byte[] message = SocketAnswers.changed(id, change, vectors);
        context.runOnContext(now -> {
            LiveFeed feed = feeds.get(id);
            if (over || feed == null) {
                return;
            }
            send(message);
            if (socket.writeQueueFull()) {
                blocked.add(feed);
            } else {
                feed.next();
            }
        });
    }

    /** Any thread. */
    private void liveFailed(String id, Throwable why) {
        byte[] message = failure(id, why);
        context.runOnContext(now -> {
            if (feeds.remove(id) != null) {
                send(message);
            }
        });
    }

    private void unsubscribe(String id) {
        LiveFeed feed = feeds.remove(id);
        if (feed != null) {
            blocked.remove(feed);
            feed.cancel();
        }
    }

    // --- writing -----------------------------------------------------------------------------------------------

    private void sendFromAnywhere(byte[] json) {
        context.runOnContext(now -> send(json));
    }

    private void send(byte[] json) {
        if (!over && !socket.isClosed()) {
            socket.writeTextMessage(new String(json, StandardCharsets.UTF_8));
        }
    }

    private void close(CloseCode code, String reason) {
        if (!over && !socket.isClosed()) {
            byte[] text = reason.getBytes(StandardCharsets.UTF_8);
            String fitting = text.length <= LONGEST_REASON
                    ? reason
                    : reason.substring(
                            0, reason.offsetByCodePoints(0, Math.min(30, reason.codePointCount(0, reason.length()))));
            socket.close(code.number(), fitting);
        }
        end();
    }

    /** Stops everything; what was received of upsert streams is stored all the same. */
    private void end() {
        if (over) {
            return;
        }
        over = true;
        door.leave();
        context.owner().cancelTimer(timer);
        if (incoming != null) {
            incoming.close();
        }
        socket.resume(); // a paused socket does not see the end of its connection
        queries.values().forEach(Cancellable::cancel);
        feeds.values().forEach(LiveFeed::cancel);
        uploads.values().forEach(Upload::abandon);
        queries.clear();
        feeds.clear();
        blocked.clear();
    }
}
