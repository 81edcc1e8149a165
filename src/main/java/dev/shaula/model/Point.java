package dev.shaula.model;

/**
 * A vector with its id and metadata, as it comes in and goes out.
 *
 * @param id external id, unique in its collection, 1 to {@link Limits#MAX_ID_BYTES} bytes of UTF-8
 * @param vector {@code d} finite floats as the caller gave them; owned by the point, not to be written to
 * @param metadata a JSON object, {@link Metadata#EMPTY} if there is none
 * @param expiry when it is to expire; of a point that goes out, an {@link Expiry.At}
 * @param version changes with every write of the point and never comes back; {@link #NO_VERSION} of one that comes in
 */
public record Point(String id, float[] vector, Metadata metadata, Expiry expiry, long version) {
    /** In place of a version: there is none. */
    public static final long NO_VERSION = -1;

    /** A point that comes in and expires as its collection says. */
    public Point(String id, float[] vector, Metadata metadata) {
        this(id, vector, metadata, Expiry.UNCHANGED, NO_VERSION);
    }

    /** The same with an expiry. */
    public Point withExpiry(Expiry newExpiry) {
        return new Point(id, vector, metadata, newExpiry, version);
    }

    /** Bytes that this point holds on the heap, near enough for a byte budget. */
    public long heapBytes() {
        return 112L + id.length() + 4L * vector.length + metadata.json().length;
    }
}
