package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Limits;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A text message of a WebSocket: one object with an {@code op} and the fields of that operation, in any order. */
public final class SocketDocument extends JsonDocument<SocketMessage> {
    private static final String OPS =
            "\"open\", \"upsert\", \"close\", \"query\", \"cancel\", \"subscribe\", \"unsubscribe\" or \"ping\"";

    private final Top top;

    public SocketDocument(QueryDefaults defaults) {
        this(new Top(defaults));
    }

    private SocketDocument(Top top) {
        super(top, top::message);
        this.top = top;
    }

    /** What was read so far; useful when the rest was refused. */
    public SocketMessage.About about() {
        return new SocketMessage.About(top.id, top.stream, top.batch);
    }

    private static final class Top extends QueryFrame {
        private final Rows rows = new Rows();
        private String op = "";
        private @Nullable String id;
        private @Nullable String stream;
        private long batch;
        private String collection = CollectionConfig.DEFAULT_NAME;
        private Ack ack = Ack.INDEXED;

        Top(QueryDefaults defaults) {
            super(defaults);
        }

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            switch (field) {
                case "op" -> op = in.string(token);
                case "id" -> id = Ids.read(token, in);
                case "stream" -> stream = name(token, in);
                case "batch" -> batch = number(token, in);
                case "collection" -> collection = in.string(token);
                case "ack" -> ack = Acks.of(in.string(token));
                case "vectors" -> {
                    return in.array(token, rows, "a list of records");
                }
                default -> {
                    return super.field(field, token, in);
                }
            }
            return null;
        }

        SocketMessage message() {
            return switch (op) {
                case "open" -> new SocketMessage.Open(requiredStream(), collection, ack);
                case "upsert" -> upsert();
                case "close" -> new SocketMessage.Close(requiredStream());
                case "query" -> query();
                case "cancel" -> new SocketMessage.Cancel(requiredId());
                case "subscribe" -> subscribe();
                case "unsubscribe" -> new SocketMessage.Unsubscribe(requiredId());
                case "ping" -> new SocketMessage.Ping();
                default ->
                    throw VectorDbException.invalid("op: expected " + OPS + ", got \"" + Text.shortened(op) + "\"");
            };
        }

        private SocketMessage upsert() {
            String stream = requiredStream();
            if (batch < 1) {
                throw VectorDbException.invalid("batch: expected a whole number from 1 on, got nothing");
            }
            if (rows.points.isEmpty()) {
                throw VectorDbException.invalid("vectors: expected at least one record, got none");
            }
            return new SocketMessage.Upsert(stream, batch, rows.points);
        }

        private SocketMessage query() {
            BatchQueryRequest.Item item = item("");
            return new SocketMessage.Query(requiredId(), collection, item.search(), item.vectors());
        }

        private SocketMessage subscribe() {
            BatchQueryRequest.Item item = item("");
            return new SocketMessage.Subscribe(requiredId(), collection, item.search(), item.vectors());
        }

        private String requiredId() {
            return given("id", id);
        }

        private String requiredStream() {
            return given("stream", stream);
        }

        private static String given(String field, @Nullable String value) {
            if (value == null) {
                throw VectorDbException.invalid(field + ": expected a string, got nothing");
            }
            return value;
        }

        @Override
        long heapBytes() {
            return rows.bytes + super.heapBytes();
        }

        private static String name(JsonToken token, JsonPush in) throws IOException {
            String name = in.string(token);
            if (name.isEmpty() || name.length() > Limits.MAX_STREAM_NAME_LENGTH) {
                throw in.refuse("expected 1 to " + Limits.MAX_STREAM_NAME_LENGTH + " characters, got " + name.length());
            }
            return name;
        }

        /** Up to 2^53: what every client holds exactly. */
        private static long number(JsonToken token, JsonPush in) throws IOException {
            double value = in.number(token);
            if (value < 1 || value > 1L << 53 || value != Math.rint(value)) {
                throw in.expected("a whole number from 1 on", token);
            }
            return (long) value;
        }
    }

    private static final class Rows extends ArrayFrame {
        private final List<Point> points = new ArrayList<>();
        private final RecordFrame row = new RecordFrame(this::add);
        private long bytes;

        @Override
        Frame element(JsonToken token, JsonPush in) throws IOException {
            return in.object(token, row.restart(), "a record");
        }

        private void add(Point point) {
            points.add(point);
            bytes += point.heapBytes();
        }
    }
}
