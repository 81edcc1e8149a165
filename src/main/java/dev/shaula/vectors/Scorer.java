package dev.shaula.vectors;

import org.jspecify.annotations.Nullable;

/**
 * Measures distances (smaller is closer) from one query to stored rows, and between stored rows. The graph knows
 * vectors through this type only. Not thread-safe: one scorer, one thread.
 */
public interface Scorer {

    /** Makes a caller's vector of {@code d} finite floats the query; copies it. */
    void query(float[] vector);

    /** Makes a stored row the query. */
    void queryRow(int ordinal);

    /** From the query to a row. */
    float distance(int ordinal);

    /** From the query to {@code n} rows: one call per node that a search expands, so that the dispatch is paid once. */
    void distances(int[] ordinals, int n, float[] out);

    /** Between two rows; the query stays as it is. */
    float between(int a, int b);

    /**
     * About the root mean square of how far distances from the query are off: 0 if they are exact, infinite if they do
     * not say how near rows are, as dot products, which may be of any sign, do not.
     */
    float error();

    /**
     * A cheaper, coarser scorer of the same query; what it finds is to be measured again. Null if there is none, and this
     * one walks the graph.
     */
    default @Nullable Scorer walker() {
        return null;
    }

    /** Rows that the {@link #walker} can measure: all that are linked, and most that are not yet; 0 without a walker. */
    default int walkerRows() {
        return 0;
    }

    /** What hands a scorer to each thread that works on one state of the rows. */
    @FunctionalInterface
    interface Source {
        Scorer newScorer();
    }
}
