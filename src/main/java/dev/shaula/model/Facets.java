package dev.shaula.model;

import java.util.List;

/**
 * The most frequent values of a field.
 *
 * @param facets most frequent first, equally frequent ones in an order that does not change
 * @param distinct different values there are, those left out included
 */
public record Facets(List<Facet> facets, int distinct) {

    /** A value, and how many points have it; a list counts once for each different value in it. */
    public record Facet(Filter.Value value, long count) {}
}
