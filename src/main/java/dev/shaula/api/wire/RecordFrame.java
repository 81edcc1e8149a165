package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One record {@code {id, vector|values, metadata, expires_at|ttl}}; reused from record to record. */
class RecordFrame extends ObjectFrame {
    private final Consumer<Point> done;
    private final VectorFrame numbers = new VectorFrame();
    private final MetadataFrame metadataFrame = new MetadataFrame();
    private @Nullable String id;
    private float @Nullable [] vector;
    private float @Nullable [] values;
    private boolean hasMetadata;
    private final ExpiryFields expiry = new ExpiryFields();

    /** @param done takes each complete record */
    RecordFrame(Consumer<Point> done) {
        this.done = done;
    }

    RecordFrame restart() {
        id = null;
        vector = null;
        values = null;
        hasMetadata = false;
        expiry.restart();
        return this;
    }

    @Override
    @Nullable
    Frame field(String field, JsonToken token, JsonPush in) throws IOException {
        return switch (field) {
            case "id" -> {
                id = Ids.read(token, in);
                yield null;
            }
            case "vector" -> numbers.open(token, in, () -> vector = numbers.take());
            case "values" -> numbers.open(token, in, () -> values = numbers.take());
            case "metadata" -> metadata(token, in);
            case "expires_at" -> {
                expiry.expiresAt(token, in);
                yield null;
            }
            case "ttl" -> {
                expiry.ttl(token, in);
                yield null;
            }
            case "if", "if_version" -> {
                condition(field, token, in);
                yield null;
            }
            default -> in.skip(token);
        };
    }

    /** What must be so for the record to be stored; where records are stored piece by piece, nobody could be told. */
    void condition(String field, JsonToken token, JsonPush in) throws IOException {
        if (token != JsonToken.VALUE_NULL) {
            throw in.refuse("expected no condition in a stream; an upsert of JSON takes them");
        }
    }

    private @Nullable Frame metadata(JsonToken token, JsonPush in) throws IOException {
        if (token == JsonToken.VALUE_NULL) {
            return null;
        }
        if (token != JsonToken.START_OBJECT) {
            throw in.expected("an object", token);
        }
        hasMetadata = true;
        return metadataFrame.restart();
    }

    @Override
    void end(JsonPush in) throws IOException {
        done.accept(toPoint(in.placeOfFrame()));
    }

    /** Whether any field of a record was given. */
    final boolean started() {
        return id != null || vector != null || values != null || hasMetadata;
    }

    final Point toPoint(String place) {
        String at = place.isEmpty() ? "" : place + ".";
        if (id == null) {
            throw VectorDbException.invalid(at + "id: expected a string, got nothing");
        }
        float[] given = vector != null ? vector : values;
        if (given == null) {
            throw VectorDbException.invalid(at + "vector: expected a list of numbers, got nothing");
        }
        if (given.length == 0) {
            throw VectorDbException.invalid(
                    at + "vector: expected 1 to " + Limits.MAX_DIMENSIONS + " numbers, got an empty list");
        }
        return new Point(id, given, hasMetadata ? metadataFrame.take() : Metadata.EMPTY).withExpiry(expiry.take());
    }

    /** Bytes of the record being read. */
    @Override
    long heapBytes() {
        return numbers.heapBytes() + metadataFrame.heapBytes();
    }
}
