package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * NDJSON records without end: every record is handed on as soon as its last byte is there. Holds one incomplete record.
 * Not thread-safe.
 */
public final class RecordStream {

    /**
     * A record of the stream.
     *
     * @param collection as named in the record, null if it names none
     * @param line where it starts, from 1
     */
    public record Row(Point point, @Nullable String collection, int line) {}

    private final Line line;
    private final JsonPush push;

    /** @param sink takes the records in order, on the thread that feeds */
    public RecordStream(Consumer<Row> sink) {
        line = new Line(sink);
        push = new JsonPush(new Lines());
    }

    /**
     * Takes the bytes {@code [start, end)}; they are free again on return.
     *
     * @throws VectorDbException (invalid) naming the field; {@link #line()} is its line. Records before it were handed on
     */
    public void feed(byte[] bytes, int start, int end) {
        push.feed(bytes, start, end);
    }

    /** No byte follows. @throws VectorDbException (invalid) if a record is incomplete */
    public void finish() {
        push.finish();
    }

    /** Gives back buffers; harmless after {@link #finish}. */
    public void close() {
        push.close();
    }

    /** The line being read, from 1. */
    public int line() {
        return Math.max(push.currentLine(), 1);
    }

    private final class Lines extends Frame {
        @Override
        Frame value(JsonToken token, JsonPush in) throws IOException {
            line.begin(in.line());
            return in.object(token, line.restart(), "one record a line");
        }

        @Override
        void appendPlace(StringBuilder path) {}
    }

    private static final class Line extends RecordFrame {
        private final Place place;

        Line(Consumer<Row> sink) {
            this(new Place(), sink);
        }

        private Line(Place place, Consumer<Row> sink) {
            super(point -> sink.accept(new Row(point, place.collection, place.line)));
            this.place = place;
        }

        void begin(int lineNumber) {
            place.line = lineNumber;
            place.collection = null;
        }

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            if (field.equals("collection")) {
                place.collection = token == JsonToken.VALUE_NULL ? null : in.string(token);
                return null;
            }
            return super.field(field, token, in);
        }
    }

    private static final class Place {
        private @Nullable String collection;
        private int line;
    }
}
