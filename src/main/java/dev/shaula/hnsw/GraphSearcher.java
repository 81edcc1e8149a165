package dev.shaula.hnsw;

import dev.shaula.vectors.Scorer;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Best-first search of a graph (Algorithms 2 and 5 of the HNSW paper). Keeps its heaps, visited set and buffers from
 * search to search and allocates nothing once they have grown. Not thread-safe: one searcher, one thread.
 */
public final class GraphSearcher {
    private static final int SCAN_BLOCK = 256;
    /** Results measured again together: as long as they must be, and beyond. */
    private static final int REFINE_BLOCK = 16;

    private static final int REFINE_LEAST = 4;
    private static final double SPREADS = 3;
    /**
     * A candidate is not worth a look once it is farther than the k-th result by more than {@code (ef / k)^GROWTH}: so
     * much farther the ef-th is where data has 20 dimensions of its own (distances are squares). Where results are
     * crowded, {@code ef} ends the walk as ever; where they are not, this does, long before.
     */
    private static final double GROWTH = 0.1;
    /** What {@code k} counts as at least: the very nearest so far may be a dead end, ten around it hardly are. */
    private static final int LEAST_RANK = 10;
    /** Nodes expanded together at most: more than 12 are no faster. */
    private static final int BEAM = 12;
    /** And of a narrow walk a fifth: of 20 nodes 4. */
    private static final int BEAM_SHARE = 5;
    /** Nodes kept beyond half more than {@code ef} if not all are accepted. */
    private static final int SPARE = 16;
    /** Nothing is within it. */
    private static final long NO_REACH = Long.MIN_VALUE;
    /** Beyond this heaps are faster: a node that comes moves half of those kept. */
    private static final int MOST_SORTED = 1_024;
    /** The greatest {@link Sieve#most} for which {@link Sieve#glance} counts. */
    public static final int MOST_GLANCING = MOST_SORTED;

    private final VisitedSet visited = new VisitedSet();
    private final NearestNodes nearest = new NearestNodes();
    private final LongHeap candidates = new LongHeap();
    /** Complements, so that the top is the farthest of the results. */
    private final LongHeap results = new LongHeap();

    private final int[] beams = new int[BEAM];
    private int[] nodes = {};
    private int[] ordinals = {};
    private float[] distances = {};
    private long[] found = new long[256];
    private int foundCount;
    private int walked;
    /** Keeps the compiler from leaving out the reads that only warm the cache. */
    private long touched;

    private @Nullable BooleanSupplier stopped;

    /**
     * What later searches ask once for each {@value #BEAM} nodes they expand, or fewer, and each {@value #SCAN_BLOCK}
     * rows they scan, so that a search whose caller has gone ends after some tens of microseconds with a {@link
     * CancellationException}.
     *
     * @param stop cheap, true once the search is not wanted any more; null for never
     */
    public void stopWhen(@Nullable BooleanSupplier stop) {
        stopped = stop;
    }

    private void checkStopped() {
        if (stopped != null && stopped.getAsBoolean()) {
            throw new CancellationException("the search is not wanted any more");
        }
    }

    /**
     * Finds the rows nearest to the scorer's query; then {@link #ordinal} and {@link #distance} give them.
     *
     * @param rows rows there are, at least as many as nodes: those not linked yet are all measured
     * @param k results wanted
     * @param ef candidates kept, at least {@code k}; fewer are expanded where the rest is far behind the {@code k}-th
     * @param accepted bit set per ordinal: what may be returned (the rest is still walked through); null for all
     * @return the number of results, at most {@code ef}
     */
    public int search(HnswGraph graph, int rows, Scorer scorer, int k, int ef, long @Nullable [] accepted) {
        results.clear();
        foundCount = 0;
        int measured = graph.size();
        if (graph.entry() != HnswGraph.NONE) {
            Scorer walker = scorer.walker();
            int measurable = walker == null ? rows : Math.clamp(scorer.walkerRows(), graph.size(), rows);
            measured = walkNear(graph, measurable, walker == null ? scorer : walker, k, ef, accepted);
            if (walker != null) {
                refine(scorer, kept(k));
                for (int keep = kept(k); keep < foundCount && isCrowded(k, scorer.error()); ) {
                    keep = Math.min(foundCount, 4 * keep);
                    refine(scorer, keep);
                }
            } else if (measured == rows) {
                return foundCount;
            } else {
                for (int i = 0; i < foundCount; i++) {
                    results.push(~found[i]);
                }
            }
        }
        measure(measured, rows, scorer, Math.max(kept(k), results.size()), accepted);
        collect();
        return foundCount;
    }

    /**
     * Walks down to level 0, where a list of the nearest nodes serves if it is short enough; of them the accepted ones
     * count, and if too few of the nearest are, the walk goes on.
     *
     * @param rows rows that the scorer can measure, linked or not
     * @return of how many rows the nearest are found now: those, or the linked ones
     */
    private int walkNear(HnswGraph graph, int rows, Scorer scorer, int k, int ef, long @Nullable [] accepted) {
        int most = accepted == null ? ef : ef + ef / 2 + SPARE;
        if (most <= MOST_SORTED) {
            beginSorted(graph, descend(graph, scorer, startOf(graph, scorer), graph.topLevel(), 0), most);
            if (expandNear(graph, scorer, k, ef, ef, accepted)) {
                // A list of all that can be reached may hold few accepted nodes: others must not drive these out.
                boolean scarce = accepted != null && nearest.size() < nearest.limit();
                int to = scarce ? graph.size() : rows;
                addRows(graph.size(), to, scorer, accepted);
                takeAccepted(ef, accepted);
                return to;
            }
        }
        walkDown(graph, scorer, ef, accepted, NO_REACH, ef);
        return graph.size();
    }

    /** Adds the accepted of some rows to the list of the nearest, when nothing more is to be expanded. */
    private void addRows(int from, int to, Scorer scorer, long @Nullable [] accepted) {
        for (int row = from; row < to; ) {
            checkStopped();
            int n = 0;
            for (; row < to && n < SCAN_BLOCK; row++) {
                if (accepted == null || isSet(accepted, row)) {
                    nodes[n++] = row;
                }
            }
            scorer.distances(nodes, n, distances);
            nearest.addAll(nodes, distances, n);
        }
    }

    private void beginSorted(HnswGraph graph, long entry, int most) {
        visited.reset(graph.size());
        visited.add(Keys.node(entry));
        nearest.reset(most);
        nearest.add(entry);
    }

    /**
     * Expands the nearest nodes until {@code wanted} accepted ones are, or as many as lie so near that they might lead to one
     * nearer than the {@code k}-th accepted; at first the nearest {@code ef}, then as many as hold so many accepted ones
     * if those go on as they began.
     *
     * @return false if the list is too short: too few of the nearest are accepted
     */
    private boolean expandNear(HnswGraph graph, Scorer scorer, int k, int ef, int wanted, long @Nullable [] accepted) {
        int least = Math.max(k, LEAST_RANK);
        float growth = (float) Math.pow(Math.max(1, (double) ef / least), GROWTH) - 1;
        float error = scorer.error();
        int rank = least;
        int width = ef;
        while (true) {
            if (!expandWithin(graph, scorer, rank, width, growth, error)) {
                int missing = least - accepted(rank, accepted);
                if (missing <= 0) {
                    return true;
                }
                rank += missing;
            } else {
                int met = accepted(width, accepted);
                if (met >= wanted || !nearest.hasNext()) {
                    return met >= wanted || nearest.size() < nearest.limit();
                }
                long likely = (long) width * wanted / Math.max(1, met);
                width = (int) Math.min(nearest.limit(), Math.max(likely, width + width / 8 + 1));
            }
        }
    }

    private int accepted(int width, long @Nullable [] accepted) {
        return accepted == null ? width : nearest.count(accepted, width);
    }

    private void takeAccepted(int most, long @Nullable [] accepted) {
        found = nearest.copyTo(found);
        int n = 0;
        for (int i = 0; i < nearest.size() && n < most; i++) {
            if (accepted == null || isSet(accepted, Keys.node(found[i]))) {
                found[n++] = found[i];
            }
        }
        foundCount = n;
    }

    private void walkDown(HnswGraph graph, Scorer scorer, int ef, long @Nullable [] accepted, long reach, int most) {
        long entry = descend(graph, scorer, startOf(graph, scorer), graph.topLevel(), 0);
        walk(graph, scorer, 0, entry, ef, accepted, reach, most);
    }

    /**
     * What a walk is for that looks for matches of a filter among the rows nearest to the query.
     *
     * @param accepted bit set per ordinal: the matches
     * @param wanted matches to be met
     * @param ef candidates kept at least
     * @param likely candidates among which so many match if matches lie by chance
     * @param most candidates kept in all, at least {@code ef} and {@code likely}
     * @param glance nearest candidates of which {@code least} are to match, or the walk is given up; not if {@code most} is
     *     more than {@link #MOST_GLANCING}
     * @param steps nodes that are expanded at most before that
     */
    public record Sieve(long[] accepted, int wanted, int ef, int likely, int most, int glance, int least, int steps) {}

    /**
     * Walks through all nodes alike, and wider until it has met the matches wanted; what it met, {@link #ordinal} and {@link
     * #distance} give, matches and others, by the distances of the scorer's {@link Scorer#walker} if it has one. Rows not
     * linked yet are left out.
     *
     * @return false, and nothing is found, if the walk was given up
     */
    public boolean searchSieved(HnswGraph graph, Scorer scorer, Sieve sieve) {
        foundCount = 0;
        if (graph.entry() == HnswGraph.NONE) {
            return true;
        }
        Scorer walker = scorer.walker();
        Scorer coarse = walker == null ? scorer : walker;
        if (sieve.most > MOST_SORTED) {
            walkDown(graph, coarse, sieve.likely, null, NO_REACH, sieve.likely);
            return true;
        }
        beginSorted(graph, descend(graph, coarse, startOf(graph, coarse), graph.topLevel(), 0), sieve.most);
        if (sieve.least > 0) {
            int width = Math.min(sieve.glance, sieve.most);
            expandWithin(graph, coarse, 0, width, sieve.steps);
            if (nearest.count(sieve.accepted, width) < sieve.least) {
                return false;
            }
        }
        expandNear(graph, coarse, sieve.wanted, sieve.ef, sieve.wanted, sieve.accepted);
        found = nearest.copyTo(found); // also what was met beyond the width: coarse distances are off
        foundCount = nearest.size();
        return true;
    }

    /**
     * What a search by distance is for.
     *
     * @param radius distance up to which rows are wanted
     * @param k results kept, the nearest
     * @param ef candidates kept beyond those within the radius
     * @param most candidates kept in all, at least {@code ef}
     */
    public record Range(float radius, int k, int ef, int most) {}

    /**
     * Finds the rows within a radius, without knowing how many there are: a walk of the width {@code ef} shows how far its
     * distances are off and how many there are, if they are less than half of that; if not, and more are wanted, another
     * goes on for as long as it finds rows within the radius and three times that error. Results as {@link #search}, by exact distances, among them some beyond the radius;
     * {@link #walked} tells how wide the walk was.
     *
     * @param scorer what walks, or its {@link Scorer#walker}
     * @param exact of the same query
     */
    public int searchRange(
            HnswGraph graph, int rows, Scorer scorer, Scorer exact, Range range, long @Nullable [] accepted) {
        results.clear();
        walked = 0;
        if (graph.entry() != HnswGraph.NONE) {
            Scorer walker = scorer.walker();
            Scorer coarse = walker == null ? scorer : walker;
            walkDown(graph, coarse, range.ef, accepted, NO_REACH, range.ef);
            float reach = measureRange(exact, range);
            if (range.most > range.ef && foundCount == range.ef && Keys.distance(found[foundCount / 2]) <= reach) {
                walkDown(graph, coarse, range.ef, accepted, Keys.of(reach, 0), range.most);
                measureRange(exact, range);
            }
            walked = foundCount;
        }
        measure(graph.size(), rows, exact, range.k, accepted);
        collect();
        return foundCount;
    }

    /** Candidates that the walk of {@link #searchRange} ended with. */
    public int walked() {
        return walked;
    }

    /** Measures what was found, the nearest first, while it may be within the radius; returns up to where it may. */
    private float measureRange(Scorer exact, Range range) {
        results.clear();
        makeRoom(REFINE_BLOCK);
        double squares = 0;
        double reach = Double.POSITIVE_INFINITY;
        for (int first = 0; first < foundCount && Keys.distance(found[first]) <= reach; first += REFINE_BLOCK) {
            int n = Math.min(REFINE_BLOCK, foundCount - first);
            squares += look(exact, first, n, range.k);
            reach = range.radius + SPREADS * Math.sqrt(squares / (first + n));
        }
        return (float) reach;
    }

    /** Measures {@code n} of what was found from {@code first} on; returns the sum of the squares of how far it was off. */
    private double look(Scorer scorer, int first, int n, int keep) {
        for (int i = 0; i < n; i++) {
            nodes[i] = Keys.node(found[first + i]);
        }
        keepAll(scorer, n, keep);
        double squares = 0;
        for (int i = 0; i < n; i++) {
            double off = (double) distances[i] - Keys.distance(found[first + i]);
            squares += off * off;
        }
        return squares;
    }

    /**
     * Measures results again with a better scorer, the nearest first, until none of the rest has a prospect to be among the
     * nearest {@code k}; drops all others.
     */
    public void rescore(Scorer scorer, int k) {
        refine(scorer, k);
        collect();
    }

    /** Results that approximate distances must keep so that the exact ones find {@code k} among them. */
    public static int kept(int k) {
        return k + k / 5 + 2;
    }

    /**
     * Measures what a coarse walk found with a better scorer, the nearest first, until the rest has no prospect: with
     * {@code e} the root mean square of how far the coarse distances were off so far, one that is {@value #SPREADS} e
     * farther than the worst of those kept stays out. So well separated neighbours cost a few looks, and a crowd at
     * nearly the same distance gets as many as it takes.
     */
    private void refine(Scorer scorer, int keep) {
        results.clear();
        makeRoom(REFINE_BLOCK);
        double squares = 0;
        int n;
        for (int first = 0; first < foundCount; first += n) {
            if (results.size() >= keep) {
                double reach = SPREADS * Math.sqrt(squares / first);
                if (Keys.distance(found[first]) - reach > Keys.distance(~results.top())) {
                    return;
                }
            }
            n = Math.min(Math.clamp(keep - first, REFINE_LEAST, REFINE_BLOCK), foundCount - first);
            squares += look(scorer, first, n, keep);
        }
    }

    /**
     * Measures every accepted row: the exact answer, at the speed of reading memory in order. Results as
     * {@link #search}.
     *
     * @param rows rows {@code 0 .. rows - 1} are read
     * @param k results kept, at least 1
     */
    public int scan(int rows, Scorer scorer, int k, long @Nullable [] accepted) {
        results.clear();
        measure(0, rows, scorer, k, accepted);
        collect();
        return foundCount;
    }

    /** The ordinal of result {@code i}, closest first. */
    public int ordinal(int i) {
        return Keys.node(found[i]);
    }

    public float distance(int i) {
        return Keys.distance(found[i]);
    }

    /** The entry point as a key on the top level. */
    long startOf(HnswGraph graph, Scorer scorer) {
        makeRoom(Math.max(SCAN_BLOCK, BEAM * graph.capacity(0)));
        int entry = graph.entry();
        return Keys.of(scorer.distance(graph.ordinal(graph.topLevel(), entry)), entry);
    }

    /**
     * True if what is kept beyond the nearest {@code k} lies within the error of distances: then more may, and which are the
     * nearest only exact distances can tell. So it is with near copies.
     */
    private boolean isCrowded(int k, float error) {
        float near = Keys.distance(~results.top()) - (float) SPREADS * error;
        int nearer = 0;
        for (int i = 0; i < results.size(); i++) {
            nearer += Keys.distance(~results.get(i)) < near ? 1 : 0;
        }
        return error < Float.POSITIVE_INFINITY && nearer < k;
    }

    /** Walks greedily from {@code key} on level {@code from} down to level {@code to}; returns the nearest node there. */
    long descend(HnswGraph graph, Scorer scorer, long key, int from, int to) {
        long best = key;
        for (int level = from; level > to; level--) {
            long before;
            do {
                before = best;
                int n = graph.neighbours(level, Keys.node(best), nodes);
                score(graph, scorer, level, n);
                for (int i = 0; i < n; i++) {
                    best = Math.min(best, Keys.of(distances[i], nodes[i]));
                }
            } while (best != before);
            best = Keys.of(Keys.distance(best), graph.below(level, Keys.node(best)));
        }
        return best;
    }

    /** Searches one level from the node of {@code entry}; {@link #foundKey} gives the results, closest first. */
    void searchLevel(HnswGraph graph, Scorer scorer, int level, long entry, int ef) {
        walk(graph, scorer, level, entry, ef, null, NO_REACH, ef);
    }

    private void walk(
            HnswGraph graph,
            Scorer scorer,
            int level,
            long entry,
            int ef,
            long @Nullable [] accepted,
            long reach,
            int most) {
        makeRoom(BEAM * graph.capacity(0));
        visited.reset(graph.nodes(level));
        visited.add(Keys.node(entry));
        if (accepted == null && ef <= MOST_SORTED && reach == NO_REACH) {
            walkSorted(graph, scorer, level, entry, ef);
        } else {
            walkHeaps(graph, scorer, level, entry, ef, accepted, reach, most);
        }
    }

    private void walkSorted(HnswGraph graph, Scorer scorer, int level, long entry, int ef) {
        nearest.reset(ef);
        nearest.add(entry);
        expandWithin(graph, scorer, level, ef);
        found = nearest.copyTo(found);
        foundCount = nearest.size();
    }

    /** Expands nodes until the nearest {@code width} all are. */
    private void expandWithin(HnswGraph graph, Scorer scorer, int level, int width) {
        expandWithin(graph, scorer, level, width, Integer.MAX_VALUE);
    }

    private void expandWithin(HnswGraph graph, Scorer scorer, int level, int width, int steps) {
        for (int left = steps; left > 0 && nearest.hasNext(width); ) {
            left -= expandNext(graph, scorer, level, width, Float.POSITIVE_INFINITY, left);
        }
    }

    /**
     * Expands nodes of level 0 until the nearest {@code width} all are, or, which it says with false, the next is farther
     * than the {@code rank}-th by {@code growth} of its distance and by {@code error}.
     */
    private boolean expandWithin(HnswGraph graph, Scorer scorer, int rank, int width, float growth, float error) {
        while (nearest.hasNext(width)) {
            float reach = Float.POSITIVE_INFINITY;
            if (nearest.size() >= rank) {
                float bound = nearest.distance(rank - 1);
                reach = bound + Math.max(growth * Math.abs(bound), error);
            }
            if (expandNext(graph, scorer, 0, width, reach, Integer.MAX_VALUE) == 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Expands the nearest node that is not, if it is no farther than {@code reach}. Once {@code width} nodes are met most of
     * what is near will be expanded in any case, and with it some others are at once: their edges, and then the codes of all
     * their neighbours, come from memory together.
     *
     * @return nodes expanded, at most {@code most}
     */
    private int expandNext(HnswGraph graph, Scorer scorer, int level, int width, float reach, int most) {
        checkStopped();
        if (nearest.nextDistance() > reach) {
            return 0;
        }
        int beam = nearest.size() < width ? 1 : Math.clamp(width / BEAM_SHARE, 1, BEAM);
        int taken = nearest.take(Math.min(beam, most), width, beams);
        for (int i = 1; i < taken; i++) {
            touched += graph.touch(level, beams[i]);
        }
        int n = 0;
        for (int i = 0; i < taken; i++) {
            n += graph.unvisited(level, beams[i], visited, nodes, n);
        }
        if (nearest.hasNext()) {
            touched += graph.touch(level, nearest.peek()); // often the next one
        }
        score(graph, scorer, level, n);
        nearest.addAll(nodes, distances, n);
        return taken;
    }

    /**
     * What is walked through need not be what is found, so that candidates and results differ. Keeps {@code ef} results
     * besides those up to the key {@code reach}, {@code most} in all.
     */
    private void walkHeaps(
            HnswGraph graph,
            Scorer scorer,
            int level,
            long entry,
            int ef,
            long @Nullable [] accepted,
            long reach,
            int most) {
        candidates.clear();
        results.clear();
        candidates.push(entry);
        keep(entry, ef, accepted);
        int width = ef;
        while (!candidates.isEmpty()) {
            long next = candidates.pop();
            if (results.size() >= width && next > ~results.top()) {
                break;
            }
            checkStopped();
            int n = graph.unvisited(level, Keys.node(next), visited, nodes, 0);
            if (!candidates.isEmpty()) {
                touched += graph.touch(level, Keys.node(candidates.top()));
            }
            score(graph, scorer, level, n);
            for (int i = 0; i < n; i++) {
                long key = Keys.of(distances[i], nodes[i]);
                if (key <= reach && width < most && (accepted == null || isSet(accepted, nodes[i]))) {
                    width++;
                }
                if (results.size() < width || key < ~results.top()) {
                    candidates.push(key);
                    keep(key, width, accepted);
                }
            }
        }
        collect();
    }

    /** Measures the accepted rows {@code from .. to - 1}, a block at a time. */
    private void measure(int from, int to, Scorer scorer, int k, long @Nullable [] accepted) {
        makeRoom(SCAN_BLOCK);
        int n = 0;
        for (int row = from; row < to; row++) {
            if (accepted == null || isSet(accepted, row)) {
                nodes[n++] = row;
            }
            if (n == SCAN_BLOCK) {
                checkStopped();
                keepAll(scorer, n, k);
                n = 0;
            }
        }
        keepAll(scorer, n, k);
    }

    long touched() {
        return touched;
    }

    int foundCount() {
        return foundCount;
    }

    /** Result {@code i} with its node on the level that was searched. */
    long foundKey(int i) {
        return found[i];
    }

    /** Fills {@link #distances} with those of the first {@code n} of {@link #nodes}. */
    private void score(HnswGraph graph, Scorer scorer, int level, int n) {
        if (level == 0) {
            scorer.distances(nodes, n, distances);
            return;
        }
        for (int i = 0; i < n; i++) {
            ordinals[i] = graph.ordinal(level, nodes[i]);
        }
        scorer.distances(ordinals, n, distances);
    }

    private void makeRoom(int n) {
        if (nodes.length < n) {
            nodes = new int[n];
            ordinals = new int[n];
            distances = new float[n];
        }
    }

    private void keepAll(Scorer scorer, int n, int k) {
        scorer.distances(nodes, n, distances);
        float worst = worst(k);
        for (int i = 0; i < n; i++) {
            if (!(distances[i] > worst)) { // what is equally far may still be newer
                keep(Keys.of(distances[i], nodes[i]), k, null);
                worst = worst(k);
            }
        }
    }

    /** The distance of the farthest of {@code k} results; infinite while there are fewer. */
    private float worst(int k) {
        return results.size() < k ? Float.POSITIVE_INFINITY : Keys.distance(~results.top());
    }

    private void keep(long key, int ef, long @Nullable [] accepted) {
        if (accepted != null && !isSet(accepted, Keys.node(key))) {
            return;
        }
        if (results.size() < ef) {
            results.push(~key);
        } else if (key < ~results.top()) {
            results.replaceTop(~key);
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
