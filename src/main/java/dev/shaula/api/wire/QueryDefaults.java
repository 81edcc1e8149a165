package dev.shaula.api.wire;

/**
 * What the operator set for queries.
 *
 * @param threshold least score of queries that name none; 0 or less for no limit
 * @param topKCap largest number of results that is ever given; {@code Integer.MAX_VALUE} for no cap
 */
public record QueryDefaults(float threshold, int topKCap) {
    public static final QueryDefaults NONE = new QueryDefaults(0, Integer.MAX_VALUE);
}
