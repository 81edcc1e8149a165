package dev.shaula.api.wire;

import dev.shaula.model.Expiry;
import dev.shaula.model.Metadata;
import dev.shaula.model.StoredPoint;
import dev.shaula.model.VectorDbException;
import java.util.Base64;
import java.util.List;

/** Points as lines of NDJSON, in the form in which an upsert takes them back. Thread-safe. */
public final class ExportLines {
    private static final int BYTES_PER_LINE = 64;
    private static final int BYTES_PER_ELEMENT = 13;

    /** How a line writes its vector. */
    public enum Form {
        NUMBERS,
        BASE64,
        NONE;

        /** The form of a wire name. @throws VectorDbException (invalid) if there is none */
        public static Form of(String name) {
            return switch (name) {
                case "numbers" -> NUMBERS;
                case "base64" -> BASE64;
                case "none" -> NONE;
                default ->
                    throw VectorDbException.invalid(
                            "vectors: expected numbers, base64 or none, got \"" + Text.shortened(name) + "\"");
            };
        }
    }

    private ExportLines() {}

    /** One line for each point. */
    public static byte[] of(List<StoredPoint> points, Form form) {
        long estimate = 0;
        for (StoredPoint point : points) {
            float[] vector = point.vector();
            estimate += BYTES_PER_LINE
                    + point.heapBytes()
                    + (vector == null ? 0L : (long) BYTES_PER_ELEMENT * vector.length);
        }
        JsonWriter out = new JsonWriter((int) Math.min(estimate, 1 << 30));
        points.forEach(point -> line(out, point, form));
        return out.toBytes();
    }

    private static void line(JsonWriter out, StoredPoint point, Form form) {
        out.openObject().field("id", point.id());
        float[] vector = point.vector();
        if (vector != null && form == Form.BASE64) {
            out.field(
                    "vector",
                    Base64.getEncoder().encodeToString(Floats.pack(vector).array()));
        } else if (vector != null) {
            out.name("vector").value(vector);
        }
        Metadata metadata = point.metadata();
        if (metadata != null && !metadata.isEmpty()) {
            out.name("metadata").raw(metadata.json());
        }
        if (point.expiresAtMs() != Expiry.NEVER_MS) {
            out.field("expires_at", ExpiryFields.text(point.expiresAtMs()));
        }
        out.closeObject().newLine();
    }
}
