package dev.shaula.hnsw;

import dev.shaula.vectors.Scorer;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Best-first search of a graph for the nearest of some rows only, which measures no others (ACORN-1: Patel, Kraft,
 * Guestrin and Zaharia, SIGMOD 2024). The graph it walks has the matches for nodes; the neighbours of one are its
 * matching neighbours in the whole graph and, until there are {@code m}, the matching neighbours of those that do not
 * match. (Until there are {@code 2 m}, as many as a node may have, walks took a third longer for the same recall.) Besides the rows nearest to the query, walks begin at a few of the matches, so that
 * matches far from everything the query is near to are found as fast as others.
 *
 * <p>Allocates nothing once its buffers have grown. Not thread-safe: one searcher, one thread.
 */
public final class FilteredGraphSearcher {
    private static final int SCAN_BLOCK = 256;
    /** Below this, that none is there may be chance. */
    private static final int FEWEST_EXPECTED = 40;
    /**
     * Rows nearest to the query, matching or not, around which a walk begins. With the one that a greedy descent ends at,
     * one query in ten took matches far from it for near: 10 of 60,000 rows of mnist-784, half of them accepted. 8 cost
     * 50 us more than 4 there and found nothing more.
     */
    private static final int ENTRIES = 4;

    /** The way to the rows nearest to the query, which ignores the filter. */
    private final GraphSearcher descent = new GraphSearcher();
    /** Matches that were measured, and others that were walked through. */
    private final VisitedSet visited = new VisitedSet();

    private final LongHeap candidates = new LongHeap();
    /** Complements, so that the top is the farthest of the results. */
    private final LongHeap results = new LongHeap();

    private int[] neighbours = {};
    private int[] beyond = {};
    private int[] nodes = new int[SCAN_BLOCK];
    private float[] distances = new float[SCAN_BLOCK];
    private long[] found = new long[256];
    private int foundCount;
    private long measured;
    private @Nullable BooleanSupplier stopped;
    /** Neighbours that expansions came by, some more than once, and how many of them matched. */
    private int passed;

    private int matched;

    /** How a walk ended. */
    public enum End {
        /** Nothing nearer was left to be found. */
        COMPLETE,
        /** Everything that can be reached was measured, and it is less than was wanted. */
        CUT_OFF,
        /** More distances were measured than it was given. */
        EXHAUSTED,
        /** There is next to no match around the place nearest to the query: given up there, unless told not to. */
        FAR_AWAY
    }

    /**
     * What is searched, and how far.
     *
     * @param rows rows there are, at least as many as nodes: those not linked yet are measured one by one
     * @param accepted bit set per ordinal: the matches, at least one
     * @param ef results kept
     * @param seeds matches to begin at
     * @param share of all rows that match
     * @param budget distances after which the walk is given up
     * @param anywhere whether to go on where the matches are far from the query. Then the nearest of them lie scattered
     *     around all that is nearer, as far from each other as from the query, and a walk needs to be wider
     */
    public record Walk(int rows, long[] accepted, int ef, int[] seeds, double share, long budget, boolean anywhere) {}

    /** As {@link GraphSearcher#stopWhen}. */
    public void stopWhen(@Nullable BooleanSupplier stop) {
        stopped = stop;
    }

    /**
     * Walks, on the scorer's {@link Scorer#walker} if it has one, whose results are measured again; then {@link #count}, {@link #ordinal} and {@link
     * #distance} give what was found, however it ended, by the scorer's own distances.
     */
    public End search(HnswGraph graph, Scorer scorer, Walk walk) {
        candidates.clear();
        results.clear();
        measured = 0;
        End end = End.COMPLETE;
        Scorer walker = scorer.walker();
        if (graph.size() > 0) {
            Scorer coarse = walker == null ? scorer : walker;
            begin(graph, coarse, walk);
            end = !walk.anywhere() && isFarAway(walk) ? End.FAR_AWAY : expandAll(graph, coarse, walk);
        }
        if (end != End.COMPLETE) {
            collect();
            return end;
        }
        int seen = results.size();
        if (walker != null) {
            collect();
            remeasure(scorer, foundCount);
        }
        seen += scanRows(scorer, graph.size(), walk.rows(), walk.accepted(), walk.ef());
        collect();
        return seen < walk.ef() ? End.CUT_OFF : End.COMPLETE;
    }

    /** Measures the matches among the rows {@code from .. to - 1}, and keeps the nearest {@code width}; returns how many there are. */
    private int scanRows(Scorer scorer, int from, int to, long[] accepted, int width) {
        int n = 0;
        int before = 0;
        for (int w = from >>> 6; w < (to + 63) >>> 6; w++) {
            long word = accepted[w];
            if (w == from >>> 6) {
                word &= -1L << from;
            }
            if (w == to >>> 6) {
                word &= (1L << to) - 1;
            }
            for (; word != 0; word &= word - 1) {
                nodes[n++] = (w << 6) + Long.numberOfTrailingZeros(word);
                if (n == SCAN_BLOCK) {
                    checkStopped();
                    keepAll(scorer, n, width);
                    before += n;
                    n = 0;
                }
            }
        }
        keepAll(scorer, n, width);
        return before + n;
    }

    private void keepAll(Scorer scorer, int n, int width) {
        scorer.distances(nodes, n, distances);
        for (int i = 0; i < n; i++) {
            long key = Keys.of(distances[i], nodes[i]);
            if (results.size() < width) {
                results.push(~key);
            } else if (key < ~results.top()) {
                results.replaceTop(~key);
            }
        }
    }

    private void checkStopped() {
        if (stopped != null && stopped.getAsBoolean()) {
            throw new CancellationException("the search is not wanted any more");
        }
    }

    private void remeasure(Scorer scorer, int n) {
        makeRoom(n);
        for (int i = 0; i < n; i++) {
            nodes[i] = ordinal(i);
        }
        keepAll(scorer, n, n);
    }

    /** Results of the last search. */
    public int count() {
        return foundCount;
    }

    /** The ordinal of result {@code i}, closest first. */
    public int ordinal(int i) {
        return Keys.node(found[i]);
    }

    public float distance(int i) {
        return Keys.distance(found[i]);
    }

    private void begin(HnswGraph graph, Scorer scorer, Walk walk) {
        int capacity = graph.capacity(0);
        if (neighbours.length < capacity) {
            neighbours = new int[capacity];
            beyond = new int[capacity];
        }
        makeRoom(2 * capacity + 1); // of the matches, those that complete the wanted number may be one list too many
        visited.reset(graph.size());
        int n = 0;
        makeRoom(walk.seeds().length);
        for (int seed : walk.seeds()) {
            if (seed < graph.size() && visited.add(seed)) {
                nodes[n++] = seed;
            }
        }
        measure(scorer, n, walk.ef());
        int nearest = descent.search(graph, graph.size(), scorer, ENTRIES, 2 * ENTRIES, null);
        passed = 0;
        matched = 0;
        for (int i = 0; i < Math.min(ENTRIES, nearest); i++) {
            expand(graph, scorer, descent.ordinal(i), walk);
        }
    }

    /** After the expansion of the nearest rows: whether not even a quarter is there of the matches to be expected. */
    private boolean isFarAway(Walk walk) {
        double expected = walk.share() * passed;
        return expected >= FEWEST_EXPECTED && matched < expected / 4;
    }

    private End expandAll(HnswGraph graph, Scorer scorer, Walk walk) {
        while (!candidates.isEmpty()) {
            long nearest = candidates.pop();
            if (results.size() >= walk.ef() && nearest > ~results.top()) {
                return End.COMPLETE;
            }
            if (measured > walk.budget()) {
                return End.EXHAUSTED;
            }
            checkStopped();
            expand(graph, scorer, Keys.node(nearest), walk);
        }
        return End.COMPLETE;
    }

    /** Measures the matches around a node that were not measured yet. */
    private void expand(HnswGraph graph, Scorer scorer, int node, Walk walk) {
        int wanted = graph.m();
        int n = 0;
        int matches = 0;
        if (isSet(walk.accepted(), node) && visited.add(node)) {
            nodes[n++] = node;
        }
        int degree = graph.neighbours(0, node, neighbours);
        passed += degree;
        int others = 0;
        for (int i = 0; i < degree; i++) {
            int neighbour = neighbours[i];
            if (!isSet(walk.accepted(), neighbour)) {
                neighbours[others++] = neighbour;
            } else {
                matches++;
                matched++;
                if (visited.add(neighbour)) {
                    nodes[n++] = neighbour;
                }
            }
        }
        for (int i = 0; i < others && matches < wanted; i++) {
            if (visited.add(neighbours[i])) {
                int before = n;
                n = addBeyond(graph, neighbours[i], walk.accepted(), n);
                matches += n - before;
            }
        }
        measure(scorer, n, walk.ef());
    }

    /** Adds the matching neighbours of a node that does not match; returns how many there are now. */
    private int addBeyond(HnswGraph graph, int node, long[] accepted, int n) {
        int degree = graph.neighbours(0, node, beyond);
        passed += degree;
        int count = n;
        for (int i = 0; i < degree; i++) {
            if (isSet(accepted, beyond[i])) {
                matched++;
                if (visited.add(beyond[i])) {
                    nodes[count++] = beyond[i];
                }
            }
        }
        return count;
    }

    /** Measures the first {@code n} of {@link #nodes}, which are matches, and keeps what is near enough. */
    private void measure(Scorer scorer, int n, int ef) {
        scorer.distances(nodes, n, distances);
        measured += n;
        for (int i = 0; i < n; i++) {
            long key = Keys.of(distances[i], nodes[i]);
            if (results.size() < ef) {
                candidates.push(key);
                results.push(~key);
            } else if (key < ~results.top()) {
                candidates.push(key);
                results.replaceTop(~key);
            }
        }
    }

    private void makeRoom(int n) {
        if (nodes.length < n) {
            nodes = new int[n];
            distances = new float[n];
        }
    }

    private void collect() {
        foundCount = results.size();
        if (found.length < foundCount) {
            found = Arrays.copyOf(found, Math.max(foundCount, 2 * found.length));
        }
        for (int i = foundCount - 1; i >= 0; i--) {
            found[i] = ~results.pop();
        }
    }

    private static boolean isSet(long[] bits, int i) {
        return (bits[i >>> 6] & (1L << i)) != 0;
    }
}
