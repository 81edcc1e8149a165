package dev.shaula.model;

import org.jspecify.annotations.Nullable;

/**
 * A query whose answer is kept true while points are written: always the exact answer, whatever the index is.
 *
 * @param vector {@code d} finite floats; not to be written to
 * @param k results kept, 1 to {@link Limits#MAX_LIVE_K}
 * @param minScore points below it are not in the answer; {@code Float.NEGATIVE_INFINITY} for no limit
 * @param filter points must match to be in the answer; null for all
 * @param includeVector whether the points of the answer carry their vectors
 * @param includeMetadata whether they carry their metadata
 */
public record LiveQuery(
        float[] vector,
        int k,
        float minScore,
        @Nullable Filter filter,
        boolean includeVector,
        boolean includeMetadata) {

    /** @throws VectorDbException (invalid) naming the field, the value and the bound */
    public LiveQuery {
        if (k < 1 || k > Limits.MAX_LIVE_K) {
            throw VectorDbException.invalid(
                    "top_k: expected 1 to " + Limits.MAX_LIVE_K + " for a live query, got " + k);
        }
        if (Float.isNaN(minScore)) {
            throw VectorDbException.invalid("threshold: expected a number, got NaN");
        }
    }

    /** What {@code search} asks, for good; its {@code ef} and {@code exact} have no meaning here. @throws VectorDbException (invalid) */
    public static LiveQuery of(SearchRequest search) {
        if (search.includeVersion()) {
            throw VectorDbException.invalid("include_version: expected only in a query that is not live");
        }
        return new LiveQuery(
                search.vector(),
                search.k(),
                search.minScore(),
                search.filter(),
                search.includeVector(),
                search.includeMetadata());
    }

    /** The search for the {@code n} first of the answer. */
    public SearchRequest search(int n) {
        return new SearchRequest(vector, n, 0, true, minScore, filter, includeVector, includeMetadata);
    }
}
