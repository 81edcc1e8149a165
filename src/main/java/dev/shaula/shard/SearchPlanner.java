package dev.shaula.shard;

import dev.shaula.model.SearchExplanation.Plan;

/**
 * Chooses how to find the nearest matches from what is known before: their exact number, and how many distances a walk
 * measures. Costs are counted in distances; what a walk does besides is in {@link #WALK_OVERHEAD}.
 */
final class SearchPlanner {
    /** Below this many rows, reading them all costs less than walking a graph to the same recall. */
    private static final int SCAN_ROWS = 1_000;
    /**
     * Distances that a walk measures for each result kept, in parts of {@code m}: of the {@code 2 m} neighbours of a
     * node about half were seen before, and somewhat more nodes are expanded than results are kept.
     */
    private static final double DISTANCES_PER_RESULT = 1.2;
    /**
     * Time of a distance in a walk over that in a scan, on float32 rows: a walk jumps, keeps heaps and reads lists of
     * neighbours, a scan reads forwards.
     */
    private static final double WALK_OVERHEAD = 2;
    /** The same on codes, which are so small that the rest of a walk weighs more. */
    private static final double CODED_WALK_OVERHEAD = 3;

    /**
     * Matches that a plain walk is to meet for each result wanted, if they lie by chance: enough that most walks meet what is
     * kept for exact measuring, and that the last of them is not at the edge of what the walk has seen.
     */
    private static final double MET_PER_RESULT = 2;
    /** How much wider than for a search without a filter a plain walk may be to meet them. */
    private static final double MOST_WIDENED = 2.5;

    /**
     * What is searched.
     *
     * @param rows live rows
     * @param matches live rows that the filter accepts
     * @param ef results that a walk keeps
     * @param m of the graph
     * @param exact whether nothing but a scan will do
     * @param coded whether scans and walks read codes
     */
    record Task(int rows, int matches, int k, int ef, int m, boolean exact, boolean coded) {
        double overhead() {
            return coded ? CODED_WALK_OVERHEAD : WALK_OVERHEAD;
        }
    }

    /**
     * A choice.
     *
     * @param predicted distances
     * @param budget distances after which a filtered walk is given up
     */
    record Choice(Plan plan, long predicted, long budget) {}

    private SearchPlanner() {}

    /**
     * How many of the nearest rows a plain walk has to find so that enough of them match, if matches lie by chance; 0 if they
     * are too rare for that.
     */
    static int plainWidth(Task task) {
        double width = MET_PER_RESULT * task.k() * task.rows() / task.matches();
        return width <= MOST_WIDENED * task.ef() ? (int) Math.ceil(width) : 0;
    }

    /** The width at which a walk of a graph measures as many distances as a scan of so many rows. */
    static int widest(int rows, int m) {
        return (int) (rows / (DISTANCES_PER_RESULT * m));
    }

    static Choice choose(Task task) {
        long walk = Math.round(DISTANCES_PER_RESULT * task.ef() * task.m());
        boolean few = task.matches() <= Math.max(SCAN_ROWS, 2 * task.k());
        if (task.exact() || few || task.matches() <= task.overhead() * walk) {
            return new Choice(Plan.SCAN, task.matches(), Long.MAX_VALUE);
        }
        if (task.matches() == task.rows()) {
            return new Choice(Plan.WALK, walk, Long.MAX_VALUE);
        }
        // A walk that gives up has cost half of the scan that follows.
        long budget = Math.round(task.matches() / (2 * task.overhead()));
        return new Choice(Plan.FILTERED_WALK, walk, Math.max(3 * walk, budget));
    }
}
