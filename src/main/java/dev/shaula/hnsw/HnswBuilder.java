package dev.shaula.hnsw;

import dev.shaula.vectors.Scorer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Adds batches of nodes to a graph, the only writer it has. After ParlayANN (PPoPP 2024): the candidate searches of a
 * step run side by side on the graph as it was before the step, reverse edges are grouped by target, and each target
 * is updated by one thread. No locks; the result depends on the input only, not on the number of threads.
 *
 * <p>Nodes of one step cannot find each other in the graph, so each is also compared with those of its step that came
 * before it, as if they had been added one after another: at most {@value #STEP} comparisons of rows that are in the
 * cache, beside some 700 of rows that are not. Reverse edges lead the other way.
 *
 * <p>Not thread-safe.
 */
public final class HnswBuilder {
    /**
     * Rows that are linked together. A graph whose rows were always added in whole steps depends on the rows and their
     * order only, however they arrived: see {@link #fullSteps}. Fewer rows would copy more pages for each insert (a
     * step of 128 touches about 2,000 pages of 8 KiB, 16 MB and 3 ms beside some 60 ms of linking); more would leave
     * more rows unlinked, which every search measures one by one (up to 10 us at 1,536 dimensions).
     */
    private static final int STEP = 128;
    /** Of rows of any length: 2 to 5 ms of one core at 1,536 dimensions. */
    private static final int MENDED_A_STEP = 64;

    private final int efConstruction;
    private final LevelGenerator levels;
    private final GraphRepair repair;

    private HnswGraph graph;

    /** Continues from {@code graph}, keeping {@code efConstruction} candidates per level while linking, at least {@code m}. */
    public HnswBuilder(HnswGraph graph, int efConstruction) {
        this(graph, null, efConstruction, MENDED_A_STEP);
    }

    /**
     * Continues from a graph of which nodes have died.
     *
     * @param live bit set for each live row; null if all are
     * @param mendedAStep nodes that a step of {@link #repair} mends, at least 1
     */
    public HnswBuilder(HnswGraph graph, long @Nullable [] live, int efConstruction, int mendedAStep) {
        this.graph = graph;
        this.efConstruction = Math.max(efConstruction, graph.m());
        this.levels = new LevelGenerator(graph.m());
        this.repair = new GraphRepair(graph, live, this.efConstruction, mendedAStep);
    }

    /** The largest number of rows up to {@code rows} that is linked in whole steps. */
    public static int fullSteps(int rows) {
        return rows - rows % STEP;
    }

    /** Rows of one step. */
    public static int step() {
        return STEP;
    }

    /** The graph as the last {@link #add} left it. */
    public HnswGraph graph() {
        return graph;
    }

    /**
     * Links the rows {@code graph().size() .. size - 1}, all of them live.
     *
     * @see #add(int, long[], Scorer.Source, Parallel)
     */
    public HnswGraph add(int size, Scorer.Source scorers, Parallel parallel) {
        return add(size, null, scorers, parallel);
    }

    /**
     * Links the rows {@code graph().size() .. size - 1}. Those that are dead already become nodes without edges; dead
     * nodes lead the search for neighbours, but are not chosen.
     *
     * @param size rows that exist; the scorers must know them all
     * @param live bit set for each live row; null if all are
     * @return the graph with all of them; the one before stays as it was, also when this throws
     * @throws IllegalArgumentException if {@code size} is less than {@code graph().size()}
     */
    public HnswGraph add(int size, long @Nullable [] live, Scorer.Source scorers, Parallel parallel) {
        int before = graph.size();
        if (size < before) {
            throw new IllegalArgumentException("size: expected at least " + before + ", got " + size);
        }
        if (size == before) {
            return graph;
        }
        graph = link(size, live, new LinkCrew(scorers, parallel, STEP));
        for (int node = before; live != null && node < size; node++) {
            if (!NodeBits.isSet(live, node)) {
                repair.markDetached(node);
            }
        }
        return graph;
    }

    /**
     * True if {@link #repair} has something to do: so many nodes have died since the last pass that another is worth
     * it, or one is under way.
     *
     * @param liveNodes live rows among the graph's nodes
     */
    public boolean repairDue(int liveNodes) {
        return repair.isDue(graph, liveNodes);
    }

    /**
     * Dead nodes around which the graph has still to be mended: what is left of the pass that is under way, and what has
     * died since it began.
     *
     * @param liveNodes live rows among the graph's nodes
     */
    public int unmended(int liveNodes) {
        return repair.unmended(graph, liveNodes);
    }

    /**
     * Takes the next step of taking dead nodes out of the graph, some milliseconds long.
     *
     * @param live bit set for each live row; a row that is dead stays dead
     * @return the graph after it, as good to search as before; the one before stays as it was, also when this throws
     */
    public HnswGraph repair(long[] live, Scorer.Source scorers, Parallel parallel) {
        graph = repair.step(graph, live, new LinkCrew(scorers, parallel, STEP));
        return graph;
    }

    /** Nodes that died and were taken out of the graph: no live node leads to them. */
    public int detachedCount() {
        return repair.detachedCount();
    }

    /** A bit for each node that {@link #detachedCount} counts; a copy. */
    public long[] detached() {
        return Arrays.copyOf(repair.detached(), NodeBits.words(graph.size()));
    }

    private HnswGraph link(int size, long @Nullable [] live, LinkCrew crew) {
        EdgePages level0 = new EdgePages(graph.level0());
        EdgePages upper = new EdgePages(graph.upper());
        HnswGraph current = graph;
        while (current.size() < size) {
            int last = Math.min(size, current.size() + STEP);
            current = new Step(current, last, live, level0, upper, crew).link();
        }
        return new HnswGraph(current.m(), size, level0.publish(), upper.publish(), current.topLevel(), current.entry());
    }

    /** One step: at most {@value #STEP} new nodes. */
    private final class Step {
        private final HnswGraph before;
        private final int first;
        private final int count;
        private final EdgePages level0;
        private final EdgePages upper;
        private final long @Nullable [] live;
        private final LinkCrew crew;

        private final int[] level;
        private final int[] base;
        /** Per new node and level: the chosen neighbours as keys. */
        private final long[][][] chosen;
        /** Per new node: dead nodes of level 0 that are to lead to it, as keys. */
        private final long[][] bridges;

        private int topLevel;
        private int entry;

        Step(HnswGraph before, int size, long @Nullable [] live, EdgePages level0, EdgePages upper, LinkCrew crew) {
            this.before = before;
            this.first = before.size();
            this.count = size - first;
            this.level0 = level0;
            this.upper = upper;
            this.live = live;
            this.crew = crew;
            this.level = new int[count];
            this.base = new int[count];
            this.chosen = new long[count][][];
            this.bridges = new long[count][];
            this.topLevel = before.topLevel();
            this.entry = before.entry();
        }

        HnswGraph link() {
            makeRoom();
            crew.run(count, this::choose);
            for (int l = 0; l <= highestNewLevel(); l++) {
                writeForward(l);
                writeReverse(l);
            }
            raiseEntry();
            return new HnswGraph(before.m(), first + count, level0.peek(), upper.peek(), topLevel, entry);
        }

        private void makeRoom() {
            level0.append(count);
            for (int i = 0; i < count; i++) {
                level[i] = isLive(i) ? levels.levelOf(first + i) : 0;
                base[i] = upper.append(level[i]);
            }
        }

        private boolean isLive(int i) {
            return NodeBits.isSet(live, first + i);
        }

        private int highestNewLevel() {
            return Arrays.stream(level).max().orElse(0);
        }

        /** The node that new node {@code i} is on a level. */
        private int node(int i, int l) {
            return l == 0 ? first + i : base[i] + l - 1;
        }

        private void choose(LinkWorker worker, int i) {
            chosen[i] = new long[level[i] + 1][];
            bridges[i] = new long[0];
            if (!isLive(i)) {
                chosen[i][0] = new long[0];
                return;
            }
            worker.measurePeers(first, i);
            long nearest = 0;
            int from = before.topLevel();
            boolean searched = before.entry() != HnswGraph.NONE;
            if (searched) {
                nearest = worker.enter(before, level[i]);
            }
            for (int l = level[i]; l >= 0; l--) {
                worker.candidateCount = 0;
                if (searched && l <= from) {
                    nearest = worker.searchFrom(before, nearest, l, efConstruction, live);
                    bridges[i] = worker.bridges;
                }
                for (int j = 0; j < i; j++) {
                    if (level[j] >= l && isLive(j)) {
                        worker.addCandidate(Keys.of(worker.peerDistances[j], node(j, l)));
                    }
                }
                worker.sortCandidates();
                chosen[i][l] = worker.select(before.m(), l, this::ordinal);
            }
        }

        /** The ordinal of a node of the graph or of this step. */
        private int ordinal(int l, int node) {
            if (l == 0) {
                return node;
            }
            if (node < before.nodes(l)) {
                return before.ordinal(l, node);
            }
            int i = Arrays.binarySearch(base, node);
            // Nodes without records share the base of the next: the owner of a record is the last one not above it.
            i = i >= 0 ? i : -i - 2;
            while (i + 1 < count && base[i + 1] <= node) {
                i++;
            }
            return first + i;
        }

        private void writeForward(int l) {
            EdgePages edges = edges(l);
            int skip = l == 0 ? 0 : 1;
            for (int i = 0; i < count; i++) {
                if (level[i] >= l) {
                    int node = node(i, l);
                    edges.own(EdgePages.pageIndex(node));
                    int[] page = edges.page(node);
                    int at = edges.offset(node);
                    if (l > 0) {
                        page[at] = first + i;
                    }
                    long[] keys = chosen[i][l];
                    for (int k = 0; k < keys.length; k++) {
                        page[at + skip + k] = Keys.node(keys[k]);
                    }
                }
            }
        }

        private void writeReverse(int l) {
            ReverseEdges reverse = new ReverseEdges(l, before.capacity(l));
            for (int i = 0; i < count; i++) {
                if (level[i] >= l) {
                    addReverse(reverse, chosen[i][l], node(i, l));
                    if (l == 0) {
                        addReverse(reverse, bridges[i], node(i, 0));
                    }
                }
            }
            EdgePages edges = edges(l);
            int groups = reverse.groupByPage(edges);
            crew.run(groups, (worker, g) -> reverse.apply(g, edges, worker, this::ordinal));
        }

        private static void addReverse(ReverseEdges reverse, long[] keys, int node) {
            for (long key : keys) {
                reverse.add(Keys.node(key), node, Keys.distance(key));
            }
        }

        private EdgePages edges(int l) {
            return l == 0 ? level0 : upper;
        }

        private void raiseEntry() {
            for (int i = 0; i < count; i++) {
                if (isLive(i) && (entry == HnswGraph.NONE || level[i] > topLevel)) {
                    topLevel = level[i];
                    entry = node(i, topLevel);
                }
            }
        }
    }
}
