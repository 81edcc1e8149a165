package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Limits;
import dev.shaula.model.Point;
import dev.shaula.model.Precondition;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The body of an upsert, {@code {collection, vectors: [...], ack, if}} or one bare record; fields in any order. It holds the
 * points and one incomplete row, so that a body of 5,000 rows of 1,536 numbers costs 31 MB of floats and little else.
 */
public final class UpsertDocument extends JsonDocument<UpsertRequest> {
    /** @param dimensions what is known of collections; asked on the thread that feeds */
    public UpsertDocument(Dimensions dimensions) {
        this(new Top(dimensions));
    }

    private UpsertDocument(Top top) {
        super(top, top::request);
    }

    /** The outer object: also a record, for callers that send one without a list around it. */
    private static final class Top extends ConditionalFrame {
        private final Dimensions dimensions;
        private final Rows rows = new Rows();
        private String collection = CollectionConfig.DEFAULT_NAME;
        private Ack ack = Ack.INDEXED;
        private boolean listed;

        Top(Dimensions dimensions) {
            super(point -> {});
            this.dimensions = dimensions;
        }

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            return switch (field) {
                case "vectors" -> vectors(token, in);
                case "collection" -> {
                    collection(token, in);
                    yield null;
                }
                case "ack" -> {
                    ack = token == JsonToken.VALUE_NULL ? Ack.INDEXED : Acks.of(in.string(token));
                    yield null;
                }
                default -> super.field(field, token, in);
            };
        }

        private Frame vectors(JsonToken token, JsonPush in) throws IOException {
            if (listed) {
                throw in.refuse("given twice");
            }
            listed = true;
            return in.array(token, rows, "a list of records");
        }

        private void collection(JsonToken token, JsonPush in) throws IOException {
            if (token != JsonToken.VALUE_NULL) {
                collection = in.string(token);
                rows.expected = dimensions.of(collection);
            }
        }

        @Override
        long heapBytes() {
            return rows.bytes + rows.row.heapBytes() + super.heapBytes();
        }

        @Override
        void end(JsonPush in) {
            // Complete or not is decided in request(), when all fields are known.
        }

        UpsertRequest request() {
            List<Point> points = listed ? rows.points : List.of(bareRecord());
            if (points.isEmpty()) {
                throw VectorDbException.invalid("vectors: expected at least one record, got an empty list");
            }
            checkLengths(points);
            return new UpsertRequest(collection, points, conditions(), ack, !listed);
        }

        /** One beside the list holds for every record that has none. */
        private List<Precondition> conditions() {
            boolean some = !condition().equals(Precondition.NONE)
                    || (listed && rows.conditions.stream().anyMatch(each -> !each.equals(Precondition.NONE)));
            if (!some) {
                return List.of();
            }
            return listed
                    ? rows.conditions.stream()
                            .map(each -> each.equals(Precondition.NONE) ? condition() : each)
                            .toList()
                    : List.of(condition());
        }

        private Point bareRecord() {
            if (!started()) {
                throw VectorDbException.invalid("vectors: expected a list of records, got nothing");
            }
            return toPoint("");
        }

        private void checkLengths(List<Point> points) {
            int known = dimensions.of(collection);
            int expected = known == 0 ? points.getFirst().vector().length : known;
            for (int i = 0; i < points.size(); i++) {
                int length = points.get(i).vector().length;
                if (length != expected) {
                    throw wrongLength(listed ? "vectors[" + i + "].vector" : "vector", expected, length);
                }
            }
        }
    }

    private static VectorDbException wrongLength(String place, int expected, int length) {
        return VectorDbException.invalid(place + ": expected " + expected + " numbers, got " + length);
    }

    private static final class Rows extends ArrayFrame {
        private final List<Point> points = new ArrayList<>();
        private final List<Precondition> conditions = new ArrayList<>();
        private final ConditionalFrame row = new ConditionalFrame(this::add);
        private long bytes;
        /** Dimensions of the collection; 0 while it is not known or does not exist. */
        private int expected;

        @Override
        Frame element(JsonToken token, JsonPush in) throws IOException {
            if (points.size() == Limits.MAX_UPSERT_POINTS) {
                throw VectorDbException.tooLarge(
                        "vectors: expected at most " + Limits.MAX_UPSERT_POINTS + " records, got more");
            }
            return in.object(token, row.restart(), "a record");
        }

        private void add(Point point) {
            int length = point.vector().length;
            if (expected != 0 && length != expected) {
                throw wrongLength("vectors[" + index() + "].vector", expected, length);
            }
            points.add(point);
            conditions.add(row.condition());
            bytes += point.heapBytes() + 2 * Long.BYTES;
        }
    }
}
