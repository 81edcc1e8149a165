package dev.shaula.api.wire;

import dev.shaula.model.LiveChange;
import dev.shaula.model.LiveEvent;
import dev.shaula.model.ScoredPoint;
import java.util.List;

/** The messages of the server on a WebSocket; {@code docs/websocket.md} describes them. Any thread. */
public final class SocketAnswers {
    private SocketAnswers() {}

    private static JsonWriter begin(String event, int capacity) {
        return new JsonWriter(capacity).openObject().field("event", event);
    }

    /**
     * A stream is open.
     *
     * @param acknowledged last batch that is stored, 0 if the server knows of none
     */
    public static byte[] opened(String stream, long acknowledged, long credit, int dimensions) {
        return begin("opened", 160)
                .field("stream", stream)
                .field("acknowledged", acknowledged)
                .field("credit", credit)
                .field("dimensions", dimensions)
                .closeObject()
                .toBytes();
    }

    public static byte[] credit(String stream, long bytes) {
        return begin("credit", 96)
                .field("stream", stream)
                .field("credit", bytes)
                .closeObject()
                .toBytes();
    }

    /**
     * Everything up to {@code batch} is stored.
     *
     * @param points acknowledged since the stream was opened
     * @param sequences where the last of them stand in the log of each shard
     * @param credit bytes that may be sent again
     */
    public static byte[] acknowledged(String stream, long batch, long points, List<Long> sequences, long credit) {
        JsonWriter out = begin("ack", 160)
                .field("stream", stream)
                .field("batch", batch)
                .field("points", points)
                .field("credit", credit);
        return Answers.sequences(out, sequences).closeObject().toBytes();
    }

    public static byte[] closed(String stream, long acknowledged) {
        return begin("closed", 96)
                .field("stream", stream)
                .field("acknowledged", acknowledged)
                .closeObject()
                .toBytes();
    }

    public static byte[] found(String id, List<ScoredPoint> results, VectorForm vectors) {
        JsonWriter out = begin("result", 64 + 128 * results.size()).field("id", id);
        Answers.results(out, results, vectors);
        return out.closeObject().toBytes();
    }

    public static byte[] changed(String id, LiveChange change, VectorForm vectors) {
        JsonWriter out = begin("change", 96 + 128 * change.events().size()).field("id", id);
        change(out, change, vectors);
        return out.closeObject().toBytes();
    }

    /** A change as a document of its own. */
    public static byte[] changed(LiveChange change, VectorForm vectors) {
        JsonWriter out = new JsonWriter(64 + 128 * change.events().size()).openObject();
        change(out, change, vectors);
        return out.closeObject().toBytes();
    }

    private static void change(JsonWriter out, LiveChange change, VectorForm vectors) {
        Answers.sequences(out, change.sequences()).name("changes").openArray();
        for (LiveEvent event : change.events()) {
            out.openObject();
            switch (event) {
                case LiveEvent.Leave leave -> out.field("type", "leave").field("id", leave.id());
                case LiveEvent.Enter enter -> placed(out, "enter", enter.rank(), enter.point(), vectors);
                case LiveEvent.Move move -> placed(out, "move", move.rank(), move.point(), vectors);
            }
            out.closeObject();
        }
        out.closeArray();
    }

    private static void placed(JsonWriter out, String type, int rank, ScoredPoint point, VectorForm vectors) {
        out.field("type", type).field("rank", rank).name("point");
        Answers.result(out, point, vectors);
    }

    public static byte[] pong() {
        return begin("pong", 32).closeObject().toBytes();
    }

    /** A request or a batch was refused; {@code credit} bytes may be sent again. */
    public static byte[] failed(SocketMessage.About about, Failure failure, long credit) {
        JsonWriter out = failure(about, failure);
        if (credit > 0) {
            out.field("credit", credit);
        }
        return out.closeObject().toBytes();
    }

    /** A stream ended with a failure; everything up to the batch {@code acknowledged} is stored. */
    public static byte[] ended(String stream, Failure failure, long acknowledged) {
        return failure(new SocketMessage.About(null, stream, 0), failure)
                .field("acknowledged", acknowledged)
                .field("closed", true)
                .closeObject()
                .toBytes();
    }

    private static JsonWriter failure(SocketMessage.About about, Failure failure) {
        JsonWriter out = begin("error", 96 + failure.text().length());
        String id = about.id();
        String stream = about.stream();
        if (id != null) {
            out.field("id", id);
        }
        if (stream != null) {
            out.field("stream", stream);
        }
        if (about.batch() > 0) {
            out.field("batch", about.batch());
        }
        out.field("status", failure.status()).field("error", failure.text());
        return failure.retryAfterSeconds() > 0 ? out.field("retry_after", failure.retryAfterSeconds()) : out;
    }
}
