package dev.shaula.api.wire;

import dev.shaula.model.Expiry;
import dev.shaula.model.Metadata;
import dev.shaula.model.StoredPoint;
import java.util.List;

/** Points as lines of NDJSON, in the form in which an upsert takes them back. Thread-safe. */
public final class ExportLines {
    private static final int BYTES_PER_LINE = 64;
    private static final int BYTES_PER_ELEMENT = 13;

    private ExportLines() {}

    /** One line for each point. */
    public static byte[] of(List<StoredPoint> points, VectorForm form) {
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

    private static void line(JsonWriter out, StoredPoint point, VectorForm form) {
        out.openObject().field("id", point.id());
        float[] vector = point.vector();
        if (vector != null) {
            out.name("vector").value(vector, form);
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
