package dev.shaula.model;

import java.util.List;

/**
 * How one shard came to its answer.
 *
 * @param plan in the order tried; the last one gave the answer
 * @param rows live rows
 * @param matches rows that the filter accepts, exactly; all of them without a filter
 * @param tested rows whose metadata was read to find them, because no index could tell
 * @param unindexed fields that made it necessary
 * @param predictedDistances that the first plan was expected to measure
 * @param distances measured in the end, by all plans together
 * @param filterNs time for the matches
 * @param searchNs time for the nearest of them
 * @param fetchNs time for ids, vectors and metadata of the results
 */
public record SearchExplanation(
        List<Plan> plan,
        int rows,
        int matches,
        int tested,
        List<String> unindexed,
        long predictedDistances,
        long distances,
        long filterNs,
        long searchNs,
        long fetchNs) {

    /** A way to find the nearest matches. */
    public enum Plan {
        /** Measures every match. */
        SCAN,
        /** Walks the graph along the matches only. */
        FILTERED_WALK,
        /** The same, several times as wide, because the matches turned out to be far from the query. */
        WIDE_WALK,
        /** Walks the graph along all rows. */
        WALK
    }
}
