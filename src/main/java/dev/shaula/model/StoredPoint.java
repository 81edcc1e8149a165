package dev.shaula.model;

import org.jspecify.annotations.Nullable;

/**
 * One point of a reading.
 *
 * @param vector as stored, or null if it was not asked for
 * @param metadata as stored ({@link Metadata#EMPTY} if the point has none), or null if it was not asked for
 * @param expiresAtMs when it expires, in milliseconds since 1970; {@link Expiry#NEVER_MS} for never
 * @param version of the point, or {@link Point#NO_VERSION} if it was not asked for
 */
public record StoredPoint(
        String id, float @Nullable [] vector, @Nullable Metadata metadata, long expiresAtMs, long version) {

    /** One that never expires, without its version. */
    public StoredPoint(String id, float @Nullable [] vector, @Nullable Metadata metadata) {
        this(id, vector, metadata, Expiry.NEVER_MS, Point.NO_VERSION);
    }

    /** Bytes that this point holds on the heap, near enough for a byte budget. */
    public long heapBytes() {
        return 96L
                + id.length()
                + (vector == null ? 0 : 4L * vector.length)
                + (metadata == null ? 0 : metadata.json().length);
    }
}
