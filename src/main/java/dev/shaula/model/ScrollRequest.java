package dev.shaula.model;

import org.jspecify.annotations.Nullable;

/**
 * A reading of every point of a collection that a filter accepts, as the collection stood when it began.
 *
 * @param by the field of {@link Order#FIELD}, null for every other order
 * @param filter null for all points
 * @param includeVersion whether points carry their version
 */
public record ScrollRequest(
        Order order,
        @Nullable Field by,
        @Nullable Filter filter,
        boolean includeVector,
        boolean includeMetadata,
        boolean includeVersion) {
    /** Points of a page whose size nobody named. */
    public static final int DEFAULT_LIMIT = 100;

    /** In which order points come. */
    public enum Order {
        /** By the UTF-8 bytes of their ids, over the whole collection. */
        ID,
        /** As they were last written, shard after shard: the order that costs least. */
        INSERTION,
        /** Shuffled anew for each reading: every page, and so the first one, is a random sample without repetition. */
        RANDOM,
        /** By the value of an indexed field, and by id where it is the same; those without a value last. */
        FIELD
    }

    /**
     * A field to order by. It needs an index of a kind with an order: keyword, integer, float, boolean or datetime, the
     * first that was declared. A list counts with the value that comes first.
     *
     * @param name as in a {@link Filter}
     */
    public record Field(String name, boolean descending) {
        /** @throws VectorDbException (invalid) naming the bound */
        public Field {
            if (name.isEmpty() || name.length() > Limits.MAX_FIELD_LENGTH) {
                throw VectorDbException.invalid(
                        "order_by: expected 1 to " + Limits.MAX_FIELD_LENGTH + " characters, got " + name.length());
            }
        }
    }

    /** @throws IllegalArgumentException if there is a field without the order or the order without a field */
    public ScrollRequest {
        if ((order == Order.FIELD) != (by != null)) {
            throw new IllegalArgumentException("order " + order + " with field " + by);
        }
    }

    /** In an order that needs no field, without versions. */
    public ScrollRequest(Order order, @Nullable Filter filter, boolean includeVector, boolean includeMetadata) {
        this(order, null, filter, includeVector, includeMetadata, false);
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
