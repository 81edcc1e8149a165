package dev.shaula.hnsw;

import dev.shaula.vectors.Scorer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The scratch of one thread that links: a searcher, a scorer and a list of candidates. */
final class LinkWorker {
    /** A search of 16 times the width costs some ms, once for each row that is linked while nearly all others are dead. */
    private static final int MOST_WIDENED = 16;

    /** Dead nodes that lead to a new one if hardly anything near is alive. */
    private static final int BRIDGES = 4;

    private static final long[] NO_KEYS = {};

    /** Of the last search: dead nodes that are to lead to the new one, for otherwise nothing might, until they go. */
    long[] bridges = NO_KEYS;

    final GraphSearcher searcher = new GraphSearcher();
    final Scorer scorer;
    final Mender mender;
    /** What walks the graph for the query that {@link #enter} came with, if not the scorer itself. */
    private @Nullable Scorer coarse;

    final float[] peerDistances;
    private final int[] peers;

    int candidateCount;
    private long[] candidates = new long[512];
    private int[] kept = {};
    private float[] distances = {};

    LinkWorker(Scorer scorer, int step) {
        this.scorer = scorer;
        this.mender = new Mender(scorer);
        this.peers = new int[step];
        this.peerDistances = new float[step];
    }

    /** Makes new node {@code i} the query and measures it against the nodes of its step that came before it. */
    void measurePeers(int first, int i) {
        for (int j = 0; j < i; j++) {
            peers[j] = first + j;
        }
        scorer.queryRow(first + i);
        scorer.distances(peers, i, peerDistances);
    }

    /** Enters the graph with the scorer's query and descends; returns the nearest node of {@code level}, or of the top. */
    long enter(HnswGraph graph, int level) {
        coarse = scorer.walker();
        return searcher.descend(graph, walker(), searcher.startOf(graph, walker()), graph.topLevel(), level);
    }

    private Scorer walker() {
        Scorer c = coarse;
        return c == null ? scorer : c;
    }

    /**
     * Searches one level and adds what it finds alive to the candidates; returns the nearest, dead or alive, as a node
     * of the level below. Where most that is near has died, as when everything is written anew, it looks farther: to
     * link with the few that are near would make islands.
     */
    long searchFrom(HnswGraph graph, long nearest, int level, int ef, long @Nullable [] live) {
        int before = candidateCount;
        int wider = ef;
        collect(graph, nearest, level, wider, live);
        while (candidateCount - before < graph.capacity(level)
                && searcher.foundCount() == wider
                && wider < MOST_WIDENED * ef) {
            wider *= 4;
            candidateCount = before;
            collect(graph, nearest, level, wider, live);
        }
        bridges = candidateCount - before < graph.m() ? nearestDead(graph, level, live) : NO_KEYS;
        long best = searcher.foundKey(0);
        return level == 0 ? best : Keys.of(Keys.distance(best), graph.below(level, Keys.node(best)));
    }

    /** The nearest of what the last search found dead, as keys. */
    private long[] nearestDead(HnswGraph graph, int level, long @Nullable [] live) {
        long[] dead = new long[BRIDGES];
        int n = 0;
        for (int i = 0; i < searcher.foundCount() && n < BRIDGES; i++) {
            long key = searcher.foundKey(i);
            if (!NodeBits.isSet(live, graph.ordinal(level, Keys.node(key)))) {
                dead[n++] = Keys.of(scorer.distance(graph.ordinal(level, Keys.node(key))), Keys.node(key));
            }
        }
        return Arrays.copyOf(dead, n);
    }

    private void collect(HnswGraph graph, long nearest, int level, int ef, long @Nullable [] live) {
        searcher.searchLevel(graph, walker(), level, nearest, ef);
        int first = candidateCount;
        for (int i = 0; i < searcher.foundCount(); i++) {
            long key = searcher.foundKey(i);
            if (live == null || NodeBits.isSet(live, graph.ordinal(level, Keys.node(key)))) {
                addCandidate(key);
            }
        }
        if (coarse != null) {
            remeasure(graph, level, first);
        }
    }

    /** Live nodes of level 0 near to a row, nearest first, the row itself not among them. */
    int[] nearest(HnswGraph graph, int ordinal, int ef, long[] live) {
        scorer.queryRow(ordinal);
        candidateCount = 0;
        searchFrom(graph, enter(graph, 0), 0, ef, live);
        sortCandidates();
        return Arrays.stream(candidates, 0, candidateCount)
                .mapToInt(Keys::node)
                .filter(node -> node != ordinal)
                .toArray();
    }

    /** Gives the candidates from {@code first} on the distances of the better scorer. */
    private void remeasure(HnswGraph graph, int level, int first) {
        int n = candidateCount - first;
        if (distances.length < n) {
            distances = new float[n];
            kept = new int[n];
        }
        for (int i = 0; i < n; i++) {
            kept[i] = graph.ordinal(level, Keys.node(candidates[first + i]));
        }
        scorer.distances(kept, n, distances);
        for (int i = 0; i < n; i++) {
            candidates[first + i] = Keys.of(distances[i], Keys.node(candidates[first + i]));
        }
    }

    void addCandidate(long key) {
        if (candidateCount == candidates.length) {
            candidates = Arrays.copyOf(candidates, 2 * candidateCount);
        }
        candidates[candidateCount++] = key;
    }

    void sortCandidates() {
        Arrays.sort(candidates, 0, candidateCount);
    }

    /** Starts a list of candidates with the neighbours that {@code target} has now; the scorer's query becomes it. */
    void measureNeighbours(int[] nodes, int n, int targetOrdinal, int level, OrdinalOf ordinalOf) {
        if (distances.length < n) {
            distances = new float[n];
            kept = new int[n];
        }
        for (int i = 0; i < n; i++) {
            kept[i] = ordinalOf.ordinal(level, nodes[i]);
        }
        scorer.queryRow(targetOrdinal);
        scorer.distances(kept, n, distances);
        for (int i = 0; i < n; i++) {
            addCandidate(Keys.of(distances[i], nodes[i]));
        }
    }

    /**
     * Algorithm 4 of the paper: of the sorted candidates, keeps those that are nearer to the query than to anything
     * kept before, at most {@code most}. So edges leave in many directions instead of into one cluster.
     *
     * <p>Copies of one vector are never nearer to each other than to the query, and would take all places: at most half
     * go to copies, or a group of copies would be an island.
     */
    long[] select(int most, int level, OrdinalOf ordinalOf) {
        long[] selected = new long[Math.min(most, candidateCount)];
        if (kept.length < most) {
            kept = new int[most];
            distances = new float[most];
        }
        int n = 0;
        int copies = 0;
        for (int c = 0; c < candidateCount && n < most; c++) {
            long key = candidates[c];
            int ordinal = ordinalOf.ordinal(level, Keys.node(key));
            if (n > 0 && isCopy(ordinal, Keys.distance(key), Keys.distance(selected[0]))) {
                if (copies == most / 2) {
                    continue;
                }
                copies++;
            }
            if (isDiverse(ordinal, Keys.distance(key), n)) {
                kept[n] = ordinal;
                selected[n++] = key;
            }
        }
        return n == selected.length ? selected : Arrays.copyOf(selected, n);
    }

    /** True if the candidate, the first kept and the query are all as near to each other. */
    private boolean isCopy(int ordinal, float distance, float first) {
        return distance == first && scorer.between(kept[0], ordinal) == distance;
    }

    private boolean isDiverse(int ordinal, float distance, int n) {
        for (int i = 0; i < n; i++) {
            if (scorer.between(kept[i], ordinal) < distance) {
                return false;
            }
        }
        return true;
    }

    /** Writes the candidates as they are, nodes only, from {@code at} on. */
    void copyCandidates(int[] page, int at) {
        for (int i = 0; i < candidateCount; i++) {
            page[at + i] = Keys.node(candidates[i]);
        }
    }

    /** From a node of a level to its ordinal. */
    @FunctionalInterface
    interface OrdinalOf {
        int ordinal(int level, int node);
    }
}
