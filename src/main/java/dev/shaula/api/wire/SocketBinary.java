package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A binary message of a WebSocket, little-endian; {@code docs/websocket.md} draws it. Two kinds: a batch of an upsert
 * stream, and a query.
 */
public final class SocketBinary {
    private static final int UPSERT = 1;
    private static final int QUERY = 2;
    private static final int WITH_VECTORS = 1;
    private static final int WITHOUT_METADATA = 2;
    private static final int EXACT = 4;
    private static final int WITH_EF = 8;

    private final ByteBuffer in;
    private final QueryDefaults defaults;
    private @Nullable String id;
    private @Nullable String stream;
    private long batch;

    /** @param message the whole message; its points copy what they need */
    public SocketBinary(byte[] message, QueryDefaults defaults) {
        this.in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        this.defaults = defaults;
    }

    /** What was read so far; useful when the rest was refused. */
    public SocketMessage.About about() {
        return new SocketMessage.About(id, stream, batch);
    }

    /**
     * Reads the message.
     *
     * @param dimensions floats of each point of a stream, asked by its name; 0 if there is no such stream
     * @throws VectorDbException (invalid) naming the field, the value and what was expected
     */
    public SocketMessage read(Dimensions dimensions) {
        try {
            int kind = in.get();
            SocketMessage message = switch (kind) {
                case UPSERT -> upsert(dimensions);
                case QUERY -> query();
                default -> throw VectorDbException.invalid("kind: expected 1 (upsert) or 2 (query), got " + kind);
            };
            if (in.hasRemaining()) {
                throw VectorDbException.invalid(
                        "message: expected its end at byte " + in.position() + ", got " + in.remaining() + " more");
            }
            return message;
        } catch (BufferUnderflowException e) {
            throw VectorDbException.invalid("message: expected more than its " + in.limit() + " bytes");
        }
    }

    private SocketMessage upsert(Dimensions dimensions) {
        in.get();
        int nameLength = Short.toUnsignedInt(in.getShort());
        int count = in.getInt();
        long number = in.getLong();
        String name = text(nameLength, "stream");
        stream = name;
        if (number < 1) {
            throw VectorDbException.invalid("batch: expected a whole number from 1 on, got " + number);
        }
        batch = number;
        if (count < 1) {
            throw VectorDbException.invalid("count: expected at least one point, got " + count);
        }
        int d = dimensions.of(name);
        List<Point> points = new ArrayList<>(Math.min(count, in.remaining() / 8));
        for (int i = 0; i < count; i++) {
            points.add(point("vectors[" + i + "]", d));
        }
        return new SocketMessage.Upsert(name, number, points);
    }

    private Point point(String place, int dimensions) {
        int idLength = Short.toUnsignedInt(in.getShort());
        in.getShort();
        int metadataLength = in.getInt();
        String pointId = text(idLength, place + ".id");
        if (pointId.isEmpty() || idLength > Limits.MAX_ID_BYTES) {
            throw VectorDbException.invalid(
                    place + ".id: expected 1 to " + Limits.MAX_ID_BYTES + " bytes of UTF-8, got " + idLength);
        }
        Metadata metadata = metadata(metadataLength, place);
        return new Point(pointId, floats(dimensions, place + ".vector"), metadata);
    }

    private Metadata metadata(int length, String place) {
        if (length == 0) {
            return Metadata.EMPTY;
        }
        byte[] json = bytes(length, place + ".metadata");
        MetadataFrame frame = new MetadataFrame();
        JsonPush push = new JsonPush(new Frame() {
            @Override
            Frame value(JsonToken token, JsonPush from) throws IOException {
                return from.object(token, frame.restart(), "an object");
            }

            @Override
            void appendPlace(StringBuilder path) {
                path.append(place).append(".metadata");
            }
        });
        push.feed(json, 0, json.length);
        push.finish();
        return frame.take();
    }

    private SocketMessage query() {
        int flags = in.get();
        int nameLength = Short.toUnsignedInt(in.getShort());
        int topK = in.getInt();
        long number = in.getLong();
        id = Long.toUnsignedString(number);
        int dimensions = in.getInt();
        float threshold = in.getFloat();
        int ef = (flags & WITH_EF) == 0 ? 0 : in.getInt();
        String collection = text(nameLength, "collection");
        if (dimensions < 1 || dimensions > Limits.MAX_DIMENSIONS) {
            throw VectorDbException.invalid(
                    "dimensions: expected 1 to " + Limits.MAX_DIMENSIONS + ", got " + dimensions);
        }
        boolean withVectors = (flags & WITH_VECTORS) != 0;
        boolean withMetadata = (flags & WITHOUT_METADATA) == 0;
        Double leastScore = Float.isNaN(threshold) ? null : (double) threshold;
        SearchRequest search = new SearchWish(topK, 0, ef, (flags & EXACT) != 0, leastScore)
                .toSearch(floats(dimensions, "vector"), null, withVectors, withMetadata, defaults);
        return new SocketMessage.Query(Long.toUnsignedString(number), collection, search, VectorForm.of(withVectors));
    }

    private float[] floats(int n, String place) {
        if (in.remaining() < 4L * n) {
            throw VectorDbException.invalid(place + ": expected " + n + " floats, got " + in.remaining() + " bytes");
        }
        float[] vector = new float[n];
        in.asFloatBuffer().get(vector);
        in.position(in.position() + 4 * n);
        for (int i = 0; i < n; i++) {
            if (!Float.isFinite(vector[i])) {
                throw VectorDbException.invalid(place + "[" + i + "]: expected a finite number, got " + vector[i]);
            }
        }
        return vector;
    }

    private String text(int length, String place) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes(length, place)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw VectorDbException.invalid(place + ": expected UTF-8");
        }
    }

    private byte[] bytes(int length, String place) {
        if (length < 0 || length > in.remaining()) {
            throw VectorDbException.invalid(
                    place + ": expected " + Integer.toUnsignedString(length) + " bytes, got " + in.remaining());
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }
}
