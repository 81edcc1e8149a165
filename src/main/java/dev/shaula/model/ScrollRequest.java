package dev.shaula.model;

import org.jspecify.annotations.Nullable;

/**
 * A reading of every point of a collection that a filter accepts, as the collection stood when it began.
 *
 * @param filter null for all points
 */
public record ScrollRequest(Order order, @Nullable Filter filter, boolean includeVector, boolean includeMetadata) {
    /** Points of a page whose size nobody named. */
    public static final int DEFAULT_LIMIT = 100;

    /** In which order points come. */
    public enum Order {
        /** By the UTF-8 bytes of their ids, over the whole collection. */
        ID,
        /** As they were last written, shard after shard: the order that costs least. */
        INSERTION,
        /** Shuffled anew for each reading: every page, and so the first one, is a random sample without repetition. */
        RANDOM
    }

    /** Every point with vector and metadata, in the order that costs least. */
    public static ScrollRequest everything() {
        return new ScrollRequest(Order.INSERTION, null, true, true);
    }

    /** Checks the size of a page; throws INVALID naming the value and the bound. */
    public static void checkLimit(int limit) {
        if (limit < 1 || limit > Limits.MAX_SCROLL_LIMIT) {
            throw VectorDbException.invalid("limit: expected 1 to " + Limits.MAX_SCROLL_LIMIT + ", got " + limit);
        }
    }
}
