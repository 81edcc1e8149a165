package dev.shaula.collection;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Limits;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import java.nio.charset.StandardCharsets;

/** What a point and a query must be before a shard sees them, whatever door they came through. */
final class PointCheck {
    /** Squared distances and dot products of vectors within this length stay finite in float32. */
    private static final double MAX_LENGTH = 1e18;

    private final int dimensions;

    PointCheck(CollectionConfig config) {
        this.dimensions = config.dimensions();
    }

    /** Throws INVALID or TOO_LARGE naming the point by {@code where}, the field and what was expected. */
    void point(Point point, String where) {
        id(point.id(), where + ".id");
        vector(point.vector(), where + ".vector");
        int bytes = point.metadata().json().length;
        if (bytes > Limits.MAX_METADATA_BYTES) {
            throw VectorDbException.invalid(where + ".metadata: expected at most " + Limits.MAX_METADATA_BYTES
                    + " bytes of JSON, got " + bytes);
        }
    }

    void id(String id, String where) {
        int bytes = id.length() > Limits.MAX_ID_BYTES ? id.length() : id.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > Limits.MAX_ID_BYTES) {
            throw VectorDbException.invalid(where + ": expected 1 to " + Limits.MAX_ID_BYTES + " bytes, got " + bytes);
        }
    }

    void vector(float[] vector, String where) {
        if (vector.length != dimensions) {
            throw VectorDbException.invalid(where + ": expected " + dimensions
                    + " numbers (the collection's dimensions), got " + vector.length);
        }
        double squares = 0;
        for (int i = 0; i < vector.length; i++) {
            if (!Float.isFinite(vector[i])) {
                throw VectorDbException.invalid(where + "[" + i + "]: expected a finite number, got " + vector[i]);
            }
            squares += (double) vector[i] * vector[i];
        }
        if (squares > MAX_LENGTH * MAX_LENGTH) {
            throw VectorDbException.invalid(
                    where + ": expected a Euclidean length of at most 1e18, got " + Math.sqrt(squares));
        }
    }
}
