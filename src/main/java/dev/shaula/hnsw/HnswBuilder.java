package dev.shaula.hnsw;

import dev.shaula.vectors.Scorer;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

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

    private final int efConstruction;
    private final LevelGenerator levels;
    private final Queue<LinkWorker> idleWorkers = new ConcurrentLinkedQueue<>();

    private HnswGraph graph;

    /** Continues from {@code graph}, keeping {@code efConstruction} candidates per level while linking, at least {@code m}. */
    public HnswBuilder(HnswGraph graph, int efConstruction) {
        this.graph = graph;
        this.efConstruction = Math.max(efConstruction, graph.m());
        this.levels = new LevelGenerator(graph.m());
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
     * Links the rows {@code graph().size() .. size - 1}.
     *
     * @param size rows that exist; the scorers must know them all
     * @return the graph with all of them; the one before stays as it was, also when this throws
     * @throws IllegalArgumentException if {@code size} is less than {@code graph().size()}
     */
    public HnswGraph add(int size, Scorer.Source scorers, Parallel parallel) {
        if (size < graph.size()) {
            throw new IllegalArgumentException("size: expected at least " + graph.size() + ", got " + size);
        }
        if (size == graph.size()) {
            return graph;
        }
        try {
            return link(size, scorers, parallel);
        } finally {
            // Scratch holds scorers, and these the rows of this batch: not for the next, also when this one failed.
            idleWorkers.clear();
        }
    }

    private HnswGraph link(int size, Scorer.Source scorers, Parallel parallel) {
        EdgePages level0 = new EdgePages(graph.level0());
        EdgePages upper = new EdgePages(graph.upper());
        HnswGraph current = graph;
        while (current.size() < size) {
            int last = Math.min(size, current.size() + STEP);
            current = new Step(current, last, level0, upper, scorers, parallel).link();
        }
        graph = new HnswGraph(
                current.m(), size, level0.publish(), upper.publish(), current.topLevel(), current.entry());
        return graph;
    }

    /** One step: at most {@value #STEP} new nodes. */
    private final class Step {
        private final HnswGraph before;
        private final int first;
        private final int count;
        private final EdgePages level0;
        private final EdgePages upper;
        private final Scorer.Source scorers;
        private final Parallel parallel;

        private final int[] level;
        private final int[] base;
        /** Per new node and level: the chosen neighbours as keys. */
        private final long[][][] chosen;

        private int topLevel;
        private int entry;

        Step(HnswGraph before, int size, EdgePages level0, EdgePages upper, Scorer.Source scorers, Parallel parallel) {
            this.before = before;
            this.first = before.size();
            this.count = size - first;
            this.level0 = level0;
            this.upper = upper;
            this.scorers = scorers;
            this.parallel = parallel;
            this.level = new int[count];
            this.base = new int[count];
            this.chosen = new long[count][][];
            this.topLevel = before.topLevel();
            this.entry = before.entry();
        }

        HnswGraph link() {
            makeRoom();
            inParallel(count, this::choose);
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
                level[i] = levels.levelOf(first + i);
                base[i] = upper.append(level[i]);
            }
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
            worker.measurePeers(first, i);
            long nearest = 0;
            int from = before.topLevel();
            if (first > 0) {
                nearest = worker.enter(before, level[i]);
            }
            for (int l = level[i]; l >= 0; l--) {
                worker.candidateCount = 0;
                if (first > 0 && l <= from) {
                    nearest = worker.searchFrom(before, nearest, l, efConstruction);
                }
                for (int j = 0; j < i; j++) {
                    if (level[j] >= l) {
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
                    for (long key : chosen[i][l]) {
                        reverse.add(Keys.node(key), node(i, l), Keys.distance(key));
                    }
                }
            }
            EdgePages edges = edges(l);
            int groups = reverse.groupByPage(edges);
            inParallel(groups, (worker, g) -> reverse.apply(g, edges, worker, this::ordinal));
        }

        private EdgePages edges(int l) {
            return l == 0 ? level0 : upper;
        }

        private void raiseEntry() {
            for (int i = 0; i < count; i++) {
                if (entry == HnswGraph.NONE || level[i] > topLevel) {
                    topLevel = level[i];
                    entry = node(i, topLevel);
                }
            }
        }

        private void inParallel(int n, Parallel.Piece<LinkWorker> piece) {
            // Borrowed, not kept by the thread: scratch is reused across the phases of all steps of a batch.
            Queue<LinkWorker> borrowed = new ConcurrentLinkedQueue<>();
            parallel.run(
                    n,
                    () -> {
                        LinkWorker worker = idleWorkers.poll();
                        worker = worker == null ? new LinkWorker(scorers.newScorer(), STEP) : worker;
                        borrowed.add(worker);
                        return worker;
                    },
                    piece);
            idleWorkers.addAll(borrowed);
        }
    }
}
