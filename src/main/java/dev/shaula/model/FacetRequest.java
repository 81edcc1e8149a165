package dev.shaula.model;

import org.jspecify.annotations.Nullable;

/**
 * A count of the values of a field.
 *
 * @param field as in a {@link Filter}
 * @param filter points that count; null for all
 * @param limit values wanted, the most frequent first; 1 to {@link Limits#MAX_FACETS}
 */
public record FacetRequest(String field, @Nullable Filter filter, int limit) {
    public static final int DEFAULT_LIMIT = 10;

    /** @throws VectorDbException (invalid) naming the field, the value and the bound */
    public FacetRequest {
        if (limit < 1 || limit > Limits.MAX_FACETS) {
            throw VectorDbException.invalid("limit: expected 1 to " + Limits.MAX_FACETS + ", got " + limit);
        }
    }
}
