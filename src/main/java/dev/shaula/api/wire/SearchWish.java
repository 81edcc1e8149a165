package dev.shaula.api.wire;

import dev.shaula.model.Filter;
import dev.shaula.model.Limits;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import org.jspecify.annotations.Nullable;

/**
 * How many results a caller wants and how hard the server shall look for them: the one place where all doors turn what
 * was left out into what is done.
 *
 * @param topK results wanted
 * @param efSearch candidates kept by the graph search, 0 if the caller names none; widened to twice {@code topK}, for
 *     one of the clients sends 100 whatever {@code topK} is
 * @param ef the same, taken at its word but for {@code topK} itself, and before {@code efSearch}; 0 if the caller names
 *     none
 * @param exact compare with every row
 * @param threshold least score, null if the caller names none; 0 and less for no limit. All that score as much are wanted,
 *     up to {@code topK}
 */
public record SearchWish(
        int topK,
        int efSearch,
        int ef,
        boolean exact,
        @Nullable Double threshold) {
    /** The contract's {@code ef_search} when the caller gives none. */
    private static final int DEFAULT_EF = 100;

    /** The search that is done. @throws VectorDbException (invalid) naming the field, the value and the bound */
    public SearchRequest toSearch(
            float[] vector, @Nullable Filter filter, boolean vectors, boolean metadata, QueryDefaults defaults) {
        int k = Math.min(topK, defaults.topKCap());
        float minScore = minScore(defaults);
        // A search down to a score widens by itself, so that k is only a bound and no wish.
        int least = minScore > Float.NEGATIVE_INFINITY ? 1 : Math.clamp(topK, 1, Limits.MAX_TOP_K);
        return new SearchRequest(vector, k, wideEnough(least), exact, minScore, filter, vectors, metadata);
    }

    /** Unless {@link #ef} says how wide: at least twice k, where recall at k stops being limited by the width of the walk. */
    private int wideEnough(int least) {
        if (ef < 0 || ef > Limits.MAX_EF) {
            throw VectorDbException.invalid("ef: expected 1 to " + Limits.MAX_EF + ", got " + ef);
        }
        if (ef > 0) {
            return Math.max(ef, least);
        }
        if (efSearch < 0 || efSearch > Limits.MAX_EF) {
            return efSearch; // refused by the request itself
        }
        int asked = efSearch == 0 ? DEFAULT_EF : efSearch;
        return Math.max(asked, 2 * least);
    }

    /** Both clients always send 0 and mean "no limit", also where a score is negative. */
    private float minScore(QueryDefaults defaults) {
        double limit = threshold != null ? threshold : defaults.threshold();
        return limit <= 0 ? Float.NEGATIVE_INFINITY : (float) limit;
    }
}
