package dev.shaula.model;

import org.jspecify.annotations.Nullable;

/**
 * One nearest-neighbour query.
 *
 * @param vector {@code d} finite floats; not to be written to
 * @param k results wanted, 1 to {@link Limits#MAX_TOP_K}; fewer come back only when fewer exist
 * @param ef candidates kept by the graph search, 0 for the default; never less than {@code k} is used. With a
 *     {@code minScore} and no filter, candidates kept besides those that score as much: such a search widens by itself and
 *     needs no {@code ef} to find many
 * @param exact true: compare with every accepted row instead of walking the graph
 * @param minScore results below it are left out; {@code Float.NEGATIVE_INFINITY} for no limit
 * @param filter rows must match before they count towards {@code k}; null for all rows
 * @param includeVersion whether results carry the version of their point
 * @param deadlineNs when the answer is of no use any more, as {@link System#nanoTime} tells time; {@link #NO_DEADLINE}
 *     if it always is
 */
public record SearchRequest(
        float[] vector,
        int k,
        int ef,
        boolean exact,
        float minScore,
        @Nullable Filter filter,
        boolean includeVector,
        boolean includeMetadata,
        boolean includeVersion,
        long deadlineNs) {
    public static final int DEFAULT_K = 10;
    public static final long NO_DEADLINE = 0;

    /** @throws VectorDbException (invalid) naming the field, the value and the bound */
    public SearchRequest {
        if (k < 1 || k > Limits.MAX_TOP_K) {
            throw VectorDbException.invalid("top_k: expected 1 to " + Limits.MAX_TOP_K + ", got " + k);
        }
        if (ef < 0 || ef > Limits.MAX_EF) {
            throw VectorDbException.invalid("ef_search: expected 0 to " + Limits.MAX_EF + ", got " + ef);
        }
        if (Float.isNaN(minScore)) {
            throw VectorDbException.invalid("threshold: expected a number, got NaN");
        }
    }

    /** Without versions and without a deadline. */
    public SearchRequest(
            float[] vector,
            int k,
            int ef,
            boolean exact,
            float minScore,
            @Nullable Filter filter,
            boolean includeVector,
            boolean includeMetadata) {
        this(vector, k, ef, exact, minScore, filter, includeVector, includeMetadata, false, NO_DEADLINE);
    }

    /** The {@code k} nearest of all rows at the default settings, without vectors, with metadata. */
    public static SearchRequest of(float[] vector, int k) {
        return new SearchRequest(vector, k, 0, false, Float.NEGATIVE_INFINITY, null, false, true);
    }

    public SearchRequest withExact(boolean newExact) {
        return with(k, ef, newExact, filter, includeVersion, deadlineNs);
    }

    public SearchRequest withK(int newK) {
        return with(newK, ef, exact, filter, includeVersion, deadlineNs);
    }

    public SearchRequest withEf(int newEf) {
        return with(k, newEf, exact, filter, includeVersion, deadlineNs);
    }

    public SearchRequest withFilter(@Nullable Filter newFilter) {
        return with(k, ef, exact, newFilter, includeVersion, deadlineNs);
    }

    public SearchRequest withVersion(boolean newIncludeVersion) {
        return with(k, ef, exact, filter, newIncludeVersion, deadlineNs);
    }

    /** The same for a caller who waits until {@code newDeadlineNs}. */
    public SearchRequest withDeadlineNs(long newDeadlineNs) {
        return with(k, ef, exact, filter, includeVersion, newDeadlineNs);
    }

    private SearchRequest with(
            int newK, int newEf, boolean newExact, @Nullable Filter newFilter, boolean version, long newDeadlineNs) {
        return new SearchRequest(
                vector,
                newK,
                newEf,
                newExact,
                minScore,
                newFilter,
                includeVector,
                includeMetadata,
                version,
                newDeadlineNs);
    }
}
