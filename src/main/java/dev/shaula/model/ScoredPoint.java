package dev.shaula.model;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One search result.
 *
 * @param score larger is closer, see {@link Metric#score}; finite
 * @param vector as stored, or null if it was not asked for
 * @param metadata as stored ({@link Metadata#EMPTY} if the point has none), or null if it was not asked for
 * @param version of the point, or {@link Point#NO_VERSION} if it was not asked for
 */
public record ScoredPoint(
        String id,
        float score,
        float @Nullable [] vector,
        @Nullable Metadata metadata,
        long version) {

    /** Without its version. */
    public ScoredPoint(String id, float score, float @Nullable [] vector, @Nullable Metadata metadata) {
        this(id, score, vector, metadata, Point.NO_VERSION);
    }

    /** Whether the other has the same content, element by element; the record's own equality is that of its array. */
    public boolean isSameAs(ScoredPoint other) {
        return id.equals(other.id)
                && Float.compare(score, other.score) == 0
                && Arrays.equals(vector, other.vector)
                && Objects.equals(metadata, other.metadata)
                && version == other.version;
    }

    /** Bytes that this point holds on the heap, near enough for a byte budget. */
    public long heapBytes() {
        return 96L
                + id.length()
                + (vector == null ? 0 : 16 + 4L * vector.length)
                + (metadata == null ? 0 : 32 + metadata.json().length);
    }
}
