package dev.shaula.hnsw;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Takes dead nodes out of a graph, in passes of many small steps; between two steps rows may be linked, and every state
 * in between can be searched. A pass settles which nodes it takes out, its doomed; then, one after another:
 *
 * <ol>
 *   <li>every live node with a dead neighbour, on each level, gets others in its place ({@link Mender});
 *   <li>if the entry point is dead, the next one is settled: a live node of the highest level that has one;
 *   <li>a walk over live nodes from there finds those that no live node leads to;
 *   <li>these are linked from the nodes that a search for them finds;
 *   <li>the entry point changes, and the doomed, which nothing needs any more, give up their edges: they are detached.
 * </ol>
 *
 * <p>Until the last stage dead nodes lead on, so that what was found before a pass is found during it. What a step does
 * depends on the graph and on what is live only. Not thread-safe.
 */
final class GraphRepair {
    /** Nodes looked at in a step, 32 neighbours each, read in order: 1 ms. */
    private static final int LOOKED_AT = 1 << 14;
    /** Nodes whose neighbours are looked up in a step, at random addresses: 1 ms. */
    private static final int WALKED = 1 << 11;
    /** Nodes linked again in a step, each after a search. */
    private static final int RELINKED = 8;
    /** Nodes detached in a step: each may copy a page. */
    private static final int DETACHED = 1 << 9;
    /** A pass begins when one node in so many is dead and not detached: it mends about half of all nodes then. */
    private static final int ONE_IN = 50;

    private static final int FEWEST = 32;
    private static final int[] NO_NODES = {};

    private final int efConstruction;
    private final int mendedAStep;
    /** Dead nodes without edges. */
    private long[] detached;

    private int detachedCount;
    private @Nullable Pass pass;

    private enum Stage {
        MEND_LEVEL_0,
        MEND_UPPER,
        WALK,
        RELINK,
        DETACH,
        DETACH_UPPER,
        DONE
    }

    /**
     * Goes on with a graph of which only this is known; a dead node without edges was detached.
     *
     * @param mendedAStep nodes that get other neighbours in a step, at least 1
     */
    GraphRepair(HnswGraph graph, long @Nullable [] live, int efConstruction, int mendedAStep) {
        this.efConstruction = efConstruction;
        this.mendedAStep = mendedAStep;
        this.detached = new long[NodeBits.words(graph.size())];
        int[] neighbours = new int[graph.capacity(0)];
        for (int node = 0; live != null && node < graph.size(); node++) {
            if (!NodeBits.isSet(live, node) && graph.neighbours(0, node, neighbours) == 0) {
                markDetached(node);
            }
        }
    }

    /** A node that was dead when its turn to be linked came, and was not. */
    void markDetached(int node) {
        int words = NodeBits.words(node + 1);
        if (words > detached.length) {
            detached = Arrays.copyOf(detached, words + (words >>> 1));
        }
        NodeBits.set(detached, node);
        detachedCount++;
    }

    /** Dead nodes that no live node leads to any more; the caller must not change the words. */
    long[] detached() {
        return detached;
    }

    int detachedCount() {
        return detachedCount;
    }

    /** True if there is a next step: a pass is under way, or enough has died for one. */
    boolean isDue(HnswGraph graph, int liveNodes) {
        return pass != null || waiting(graph, liveNodes) >= Math.max(FEWEST, graph.size() / ONE_IN);
    }

    private int waiting(HnswGraph graph, int liveNodes) {
        return graph.size() - detachedCount - liveNodes;
    }

    /**
     * Dead nodes around which the graph has still to be mended. While a pass mends level 0, its doomed go from this number
     * as the pass goes through the nodes: what each costs is what the pass costs, however many of them share the mending.
     */
    int unmended(HnswGraph graph, int liveNodes) {
        Pass running = pass;
        return waiting(graph, liveNodes) - (running == null ? 0 : running.mendedAround());
    }

    /** The graph after the next step. */
    HnswGraph step(HnswGraph graph, long[] live, LinkCrew crew) {
        Pass running = pass;
        if (running == null) {
            running = new Pass(NodeBits.inNeither(live, detached, graph.size()), graph.size());
            pass = running;
        }
        HnswGraph after = running.step(graph, live, crew);
        if (running.stage == Stage.DONE) {
            for (int node = 0; (node = NodeBits.next(running.doomed, node, running.size)) < running.size; node++) {
                markDetached(node);
            }
            pass = null;
        }
        return after;
    }

    private final class Pass {
        private final long[] doomed;
        private final int doomedCount;
        private final int size;
        private Stage stage = Stage.MEND_LEVEL_0;
        private int cursor;
        private final WaysBack ways;
        private @Nullable Walk walk;
        private int[] unreached = {};

        Pass(long[] doomed, int size) {
            this.doomed = doomed;
            this.doomedCount = NodeBits.count(doomed);
            this.size = size;
            this.ways = new WaysBack(size);
        }

        /** Of the doomed, the part of the nodes that has been gone through. */
        int mendedAround() {
            return stage == Stage.MEND_LEVEL_0 ? (int) ((long) doomedCount * cursor / size) : doomedCount;
        }

        HnswGraph step(HnswGraph graph, long[] live, LinkCrew crew) {
            return switch (stage) {
                case MEND_LEVEL_0 -> mend(graph, live, crew, false, Stage.MEND_UPPER);
                case MEND_UPPER -> mend(graph, live, crew, true, Stage.WALK);
                case WALK -> walk(graph, live);
                case RELINK -> relink(graph, live, crew);
                case DETACH -> detach(graph, live);
                case DETACH_UPPER -> detachUpper(graph);
                case DONE -> graph;
            };
        }

        private HnswGraph advance(HnswGraph graph, Stage next) {
            stage = next;
            cursor = 0;
            return graph;
        }

        private HnswGraph mend(HnswGraph graph, long[] live, LinkCrew crew, boolean upper, Stage next) {
            int end = upper ? graph.upper().records() : size;
            if (ways.isDue() || cursor >= end) {
                HnswGraph after = writeWaysBack(graph, live, upper);
                return cursor < end || !ways.isEmpty() ? after : advance(after, next);
            }
            int[] broken = nextBroken(graph, live, upper, end);
            HnswGraph after = graph;
            if (broken.length > 0) {
                Mender.Mended[] mended = new Mender.Mended[broken.length];
                crew.run(broken.length, (worker, i) -> {
                    int level = upper ? graph.levelOf(broken[i]) : 0;
                    mended[i] = worker.mender.mend(graph, level, broken[i], live);
                });
                after = write(graph, upper, broken, mended);
            }
            return cursor < end || !ways.isEmpty() ? after : advance(after, next);
        }

        private HnswGraph writeWaysBack(HnswGraph graph, long[] live, boolean upper) {
            EdgePages edges = new EdgePages(upper ? graph.upper() : graph.level0());
            int level = upper ? 1 : 0;
            ways.drain(edges, level, node -> NodeBits.isSet(live, graph.ordinal(level, node)));
            return upper ? graph.withUpper(edges.publish()) : graph.withLevel0(edges.publish());
        }

        /** The next live nodes with dead neighbours. */
        private int[] nextBroken(HnswGraph graph, long[] live, boolean upper, int end) {
            int[] broken = new int[mendedAStep];
            int n = 0;
            int stop = Math.min(end, cursor + LOOKED_AT);
            while (cursor < stop && n < mendedAStep) {
                if (isBroken(graph, live, upper, cursor)) {
                    broken[n++] = cursor;
                }
                cursor++;
            }
            return Arrays.copyOf(broken, n);
        }

        private boolean isBroken(HnswGraph graph, long[] live, boolean upper, int node) {
            int level = upper ? 1 : 0; // any upper level: a record knows its ordinal
            if (!NodeBits.isSet(live, graph.ordinal(level, node))) {
                return false;
            }
            EdgePages.View edges = upper ? graph.upper() : graph.level0();
            int[] page = edges.page(node);
            int from = edges.offset(node) + level;
            int to = edges.offset(node) + edges.stride();
            for (int i = from; i < to && page[i] != HnswGraph.NONE; i++) {
                if (!NodeBits.isSet(live, graph.ordinal(level, page[i]))) {
                    return true;
                }
            }
            return false;
        }

        private HnswGraph write(HnswGraph graph, boolean upper, int[] nodes, Mender.Mended[] mended) {
            EdgePages edges = new EdgePages(upper ? graph.upper() : graph.level0());
            int skip = upper ? 1 : 0;
            for (int i = 0; i < nodes.length; i++) {
                edges.write(nodes[i], skip, mended[i].neighbours());
            }
            for (int i = 0; i < nodes.length; i++) {
                int[] neighbours = mended[i].neighbours();
                for (int j = mended[i].kept(); j < neighbours.length; j++) {
                    // The way back costs nothing where there is room, and keeps a node that lost its neighbours known.
                    ways.add(neighbours[j], nodes[i]);
                }
            }
            return upper ? graph.withUpper(edges.publish()) : graph.withLevel0(edges.publish());
        }

        private HnswGraph walk(HnswGraph graph, long[] live) {
            Walk w = walk == null ? new Walk(withLiveEntry(graph, live)) : walk;
            walk = w;
            if (!w.step(live, WALKED)) {
                return graph;
            }
            unreached = w.unreached(live);
            walk = null;
            return advance(graph, Stage.RELINK);
        }

        private HnswGraph relink(HnswGraph graph, long[] live, LinkCrew crew) {
            int from = cursor;
            int n = Math.min(RELINKED, unreached.length - from);
            HnswGraph entered = withLiveEntry(graph, live);
            if (n <= 0 || entered.entry() == HnswGraph.NONE) {
                return advance(graph, Stage.DETACH);
            }
            int[][] near = new int[n][];
            crew.run(n, (worker, i) -> near[i] = worker.nearest(entered, unreached[from + i], efConstruction, live));
            EdgePages edges = new EdgePages(graph.level0());
            for (int i = 0; i < n; i++) {
                if (NodeBits.isSet(live, unreached[from + i])) {
                    Relink.from(near[i], unreached[from + i], edges);
                }
            }
            cursor += n;
            return graph.withLevel0(edges.publish());
        }

        private HnswGraph detach(HnswGraph graph, long[] live) {
            if (cursor == 0) {
                return detachFrom(withLiveEntry(graph, live));
            }
            return detachFrom(graph);
        }

        private HnswGraph detachFrom(HnswGraph graph) {
            EdgePages edges = new EdgePages(graph.level0());
            int node = cursor;
            for (int n = 0; n < DETACHED && (node = NodeBits.next(doomed, node, size)) < size; n++) {
                edges.write(node++, 0, NO_NODES);
            }
            cursor = node;
            HnswGraph after = graph.withLevel0(edges.publish());
            return node < size ? after : advance(after, Stage.DETACH_UPPER);
        }

        private HnswGraph detachUpper(HnswGraph graph) {
            EdgePages edges = new EdgePages(graph.upper());
            int records = graph.upper().records();
            for (int n = 0; cursor < records && n < DETACHED; cursor++) {
                int ordinal = graph.ordinal(1, cursor);
                if (ordinal < size && NodeBits.isSet(doomed, ordinal)) {
                    edges.write(cursor, 1, NO_NODES);
                    n++;
                }
            }
            HnswGraph after = graph.withUpper(edges.publish());
            return cursor < records ? after : advance(after, Stage.DONE);
        }
    }

    /** The graph itself if its entry point is live, else from the highest live node, the first of several. */
    private static HnswGraph withLiveEntry(HnswGraph graph, long[] live) {
        if (graph.entry() == HnswGraph.NONE || NodeBits.isSet(live, graph.ordinal(graph.topLevel(), graph.entry()))) {
            return graph;
        }
        int entry = HnswGraph.NONE;
        int top = 0;
        for (int record = 0; record < graph.upper().records(); record++) {
            int level = graph.levelOf(record);
            if (level > top && NodeBits.isSet(live, graph.ordinal(level, record))) {
                top = level;
                entry = record;
            }
        }
        if (entry == HnswGraph.NONE) {
            int node = NodeBits.next(live, 0, graph.size());
            entry = node < graph.size() ? node : HnswGraph.NONE;
        }
        return graph.withEntry(top, entry);
    }

    /** A walk over the live nodes of level 0 of one graph, a bounded number of nodes at a time. */
    private static final class Walk {
        private final HnswGraph graph;
        private final long[] seen;
        private final int[] neighbours;
        private int[] open = new int[256];
        private int openCount;

        Walk(HnswGraph graph) {
            this.graph = graph;
            this.seen = new long[NodeBits.words(graph.size())];
            this.neighbours = new int[graph.capacity(0)];
            if (graph.entry() != HnswGraph.NONE) {
                see(graph.ordinal(graph.topLevel(), graph.entry()));
            }
        }

        private void see(int node) {
            if (NodeBits.isSet(seen, node)) {
                return;
            }
            NodeBits.set(seen, node);
            if (openCount == open.length) {
                open = Arrays.copyOf(open, 2 * openCount);
            }
            open[openCount++] = node;
        }

        /** Goes on for {@code most} nodes; true when there are no more. */
        boolean step(long[] live, int most) {
            for (int n = 0; n < most && openCount > 0; n++) {
                int count = graph.neighbours(0, open[--openCount], neighbours);
                for (int i = 0; i < count; i++) {
                    if (NodeBits.isSet(live, neighbours[i])) {
                        see(neighbours[i]);
                    }
                }
            }
            return openCount == 0;
        }

        /** Live nodes that were not seen. */
        int[] unreached(long[] live) {
            int size = graph.size();
            int[] nodes = new int[16];
            int n = 0;
            for (int node = 0; (node = NodeBits.next(live, node, size)) < size; node++) {
                if (!NodeBits.isSet(seen, node)) {
                    nodes = n == nodes.length ? Arrays.copyOf(nodes, 2 * n) : nodes;
                    nodes[n++] = node;
                }
            }
            return Arrays.copyOf(nodes, n);
        }
    }
}
