package dev.shaula.model;

/**
 * A vector with its id and metadata, as it comes in and goes out.
 *
 * @param id external id, unique in its collection, 1 to {@link Limits#MAX_ID_BYTES} bytes of UTF-8
 * @param vector {@code d} finite floats as the caller gave them; owned by the point, not to be written to
 * @param metadata a JSON object, {@link Metadata#EMPTY} if there is none
 */
public record Point(String id, float[] vector, Metadata metadata) {

    /** Bytes that this point holds on the heap, near enough for a byte budget. */
    public long heapBytes() {
        return 96L + id.length() + 4L * vector.length + metadata.json().length;
    }
}
