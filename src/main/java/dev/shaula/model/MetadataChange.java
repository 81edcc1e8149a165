package dev.shaula.model;

import java.util.List;

/**
 * What becomes of a point's metadata without its vector being sent again. Keys are those of the outer object, taken
 * literally; first it is replaced, then keys are deleted, then set.
 *
 * @param replace whether all that was there goes
 * @param delete keys to be deleted
 * @param set keys to be set, each to the value it has in this object
 * @param expiry when the point is to expire from now on
 */
public record MetadataChange(boolean replace, List<String> delete, Metadata set, Expiry expiry) {
    public MetadataChange {
        delete = List.copyOf(delete);
    }

    /** Bytes that this change holds on the heap, near enough for a byte budget. */
    public long heapBytes() {
        return 64L
                + set.json().length
                + delete.stream().mapToLong(key -> 64L + key.length()).sum();
    }
}
