package dev.shaula.shard;

import dev.shaula.hnsw.GraphSearcher;
import dev.shaula.model.SearchExplanation.Plan;
import org.jspecify.annotations.Nullable;

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
    private static final double MET_PER_RESULT = 1.4;
    /** What a plain walk keeps of what it has measured, over what it expands: coarse distances are off, and matches few. */
    private static final double MET_BEYOND = 3;
    /** How much wider than for a search without a filter a plain walk may be to meet them. */
    private static final double MOST_WIDENED = 2.5;
    /** Time of a distance in a plain walk over that in a scan, both on codes. */
    private static final double SIFT_OVERHEAD = 1.5;
    /** Matches to be expected by chance among as many rows that not one may be missing: once in 3,000 walks all are. */
    private static final int SURE = 8;
    /** The nearest rows known when a walk that only pays near the matches is asked whether it is. */
    private static final int GLANCE = 16;
    /** Nodes expanded until then: the way down ends near the query, and {@code 2 m} rows are seen from each. */
    private static final int GLANCE_STEPS = 5;
    /** Walks narrower than usual are asked for to save time: one that has to be wider is still less than what comes instead. */
    private static final int USUAL_EF = 100;

    /**
     * What is searched.
     *
     * @param rows live rows
     * @param matches live rows that the filter accepts
     * @param ef results that a walk keeps
     * @param m of the graph
     * @param exact whether nothing but a scan will do
     * @param coded whether scans and walks read codes
     * @param nodes that a plain walk keeps for each result, at least 1: dead rows among them, and more by dot products
     */
    record Task(int rows, int matches, int k, int ef, int m, boolean exact, boolean coded, double nodes) {
        double overhead() {
            return coded ? CODED_WALK_OVERHEAD : WALK_OVERHEAD;
        }

        /** Matches whose scan costs no more than a walk among them. */
        long cheapScan() {
            return (long) (overhead() * walk(ef, m));
        }

        /** Matches whose scan costs no more than a walk of the usual width among them. */
        long usualScan() {
            return (long) (overhead() * walk(Math.max(ef, USUAL_EF), m));
        }

        /** Whether a plain walk may begin with a glance at whether it pays. */
        boolean glances() {
            return coded && widest() * nodes <= GraphSearcher.MOST_GLANCING;
        }

        /** Rows that a plain walk whose results are sifted may find. */
        int widest() {
            return (int) (MOST_WIDENED * Math.max(ef, USUAL_EF));
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
     * A plain walk, of whose results those are taken that match.
     *
     * @param wanted matches that it is to meet
     * @param likely rows among which so many match by chance, at most {@code most}
     * @param most rows it may find
     * @param glance nearest rows of which {@code least} are to match, or it is given up
     * @param steps nodes expanded before that
     */
    record Sift(int wanted, int likely, int most, int glance, int least, int steps) {}

    /**
     * The plain walk to begin with. For matches so frequent that it meets enough of them by chance, it is given up if there are
     * none where the query is; for fewer, unless a quarter of the rows around the query match and twice as many as by chance.
     * Null if a walk among the matches is to be the first.
     */
    static @Nullable Sift sift(Task task) {
        int wanted = Math.max(GraphSearcher.kept(task.k()), (int) (MET_PER_RESULT * task.k()));
        int widest = task.widest();
        double width = (double) wanted * task.rows() / task.matches();
        int most = (int) Math.clamp(MET_BEYOND * width, 1.25 * task.ef(), widest);
        int likely = (int) Math.clamp(Math.ceil(width), task.ef(), most);
        boolean byChance = width <= widest;
        if (task.glances()
                && task.matches() <= (byChance ? SIFT_OVERHEAD * walk(likely, task.m()) : task.usualScan())) {
            int byFar = (int) Math.min(GLANCE, 2L * GLANCE * task.matches() / task.rows());
            return new Sift(wanted, likely, most, GLANCE, Math.max(GLANCE / 4, byFar), GLANCE_STEPS);
        }
        int glance = (int) Math.ceil((double) SURE * task.rows() / task.matches());
        return byChance ? new Sift(wanted, likely, most, glance, glance <= task.ef() ? 1 : 0, most) : null;
    }

    private static long walk(int ef, int m) {
        return Math.round(DISTANCES_PER_RESULT * ef * m);
    }

    /** The width at which a walk of a graph measures as many distances as a scan of so many rows. */
    static int widest(int rows, int m) {
        return (int) (rows / (DISTANCES_PER_RESULT * m));
    }

    static Choice choose(Task task) {
        long walk = walk(task.ef(), task.m());
        boolean few = task.matches() <= Math.max(SCAN_ROWS, 2 * task.k());
        if (task.exact() || few || task.matches() <= (task.glances() ? walk : task.cheapScan())) {
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
