package dev.shaula.api.websocket;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Point;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A client that says exactly what a test wants, and hears everything in order. */
public final class SocketClient implements AutoCloseable, WebSocket.Listener {
    /** How the server closed the socket. */
    record Closed(int code, String reason) {}

    private static final long PATIENCE_SECONDS = 30;
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private final BlockingQueue<JsonObject> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Closed> closed = new CompletableFuture<>();
    private final StringBuilder text = new StringBuilder();
    private final boolean deaf;
    private final WebSocket socket;

    /** One that reads all the time. */
    public SocketClient(URI base) {
        this(base, false);
    }

    /** One that reads nothing before {@link #listen}. */
    static SocketClient deaf(URI base) {
        return new SocketClient(base, true);
    }

    private SocketClient(URI base, boolean deaf) {
        this.deaf = deaf;
        URI uri = URI.create("ws://127.0.0.1:" + base.getPort() + "/vectors/stream");
        socket = HTTP.newWebSocketBuilder().buildAsync(uri, this).join();
    }

    @Override
    public void onOpen(WebSocket opened) {
        if (!deaf) {
            opened.request(1);
        }
    }

    void listen() {
        socket.request(1);
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
        text.append(part);
        if (last) {
            messages.add(new JsonObject(text.toString()));
            text.setLength(0);
        }
        from.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        closed.complete(new Closed(code, reason));
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        closed.completeExceptionally(error);
    }

    void say(String json) {
        socket.sendText(json.replace('\'', '"'), true).join();
    }

    public void say(JsonObject json) {
        socket.sendText(json.encode(), true).join();
    }

    /** In two frames, cut anywhere. */
    void sayInPieces(String json, int cut) {
        socket.sendText(json.substring(0, cut), false).join();
        socket.sendText(json.substring(cut), true).join();
    }

    public void say(ByteBuffer message) {
        socket.sendBinary(message, true).join();
    }

    /** One message without an end, until the server has had enough. */
    Closed sayPiecesUntilClosed(String piece) {
        while (!closed.isDone()) {
            socket.sendText(piece, false).exceptionally(cut -> socket).join();
        }
        return closed();
    }

    /** The next message. */
    public JsonObject hear() throws InterruptedException {
        JsonObject message = messages.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (message == null) {
            throw new AssertionError("nothing came; closed: " + closed);
        }
        return message;
    }

    /** The next message of the event. */
    JsonObject hear(String event) throws InterruptedException {
        JsonObject message = hear();
        assertThat(message.getString("event")).as(message.encode()).isEqualTo(event);
        return message;
    }

    /** The first message that is wanted; those before it are dropped. */
    JsonObject hearUntil(Predicate<JsonObject> wanted) throws InterruptedException {
        JsonObject message = hear();
        while (!wanted.test(message)) {
            message = hear();
        }
        return message;
    }

    Closed closed() {
        return closed.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    /** Opens a stream; returns the answer. */
    public JsonObject open(String stream, String collection) throws InterruptedException {
        say(new JsonObject().put("op", "open").put("stream", stream).put("collection", collection));
        return hear();
    }

    /** A batch as text. */
    public static JsonObject batch(String stream, long number, List<Point> points) {
        JsonArray records = new JsonArray();
        for (Point point : points) {
            JsonArray vector = new JsonArray();
            for (float x : point.vector()) {
                vector.add(x);
            }
            records.add(new JsonObject()
                    .put("id", point.id())
                    .put("vector", vector)
                    .put("metadata", new JsonObject(point.metadata().toString())));
        }
        return new JsonObject()
                .put("op", "upsert")
                .put("stream", stream)
                .put("batch", number)
                .put("vectors", records);
    }

    /** A batch as bytes. */
    public static ByteBuffer binaryBatch(String stream, long number, List<Point> points) {
        byte[] name = stream.getBytes(StandardCharsets.UTF_8);
        int size = 16 + name.length;
        for (Point point : points) {
            size += 8
                    + point.id().getBytes(StandardCharsets.UTF_8).length
                    + point.metadata().json().length
                    + 4 * point.vector().length;
        }
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) 1)
                .put((byte) 0)
                .putShort((short) name.length)
                .putInt(points.size())
                .putLong(number)
                .put(name);
        for (Point point : points) {
            byte[] id = point.id().getBytes(StandardCharsets.UTF_8);
            byte[] metadata = point.metadata().json();
            out.putShort((short) id.length)
                    .putShort((short) 0)
                    .putInt(metadata.length)
                    .put(id)
                    .put(metadata);
            for (float x : point.vector()) {
                out.putFloat(x);
            }
        }
        return out.flip();
    }

    static ByteBuffer binaryQuery(String collection, long id, float[] vector, int topK) {
        return binaryQuery(collection, id, vector, topK, 0, Float.NaN, 0);
    }

    /** A query as bytes; {@code flags} without that of {@code ef}, which is sent unless it is 0. */
    public static ByteBuffer binaryQuery(
            String collection, long id, float[] vector, int topK, int flags, float threshold, int ef) {
        byte[] name = collection.getBytes(StandardCharsets.UTF_8);
        ByteBuffer out =
                ByteBuffer.allocate(28 + name.length + 4 * vector.length).order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) 2)
                .put((byte) (ef == 0 ? flags : flags | 8))
                .putShort((short) name.length)
                .putInt(topK)
                .putLong(id);
        out.putInt(vector.length).putFloat(threshold);
        if (ef != 0) {
            out.putInt(ef);
        }
        out.put(name);
        for (float x : vector) {
            out.putFloat(x);
        }
        return out.flip();
    }

    /** Vanishes without a word. */
    void vanish() {
        socket.abort();
    }

    @Override
    public void close() {
        socket.abort();
    }
}
