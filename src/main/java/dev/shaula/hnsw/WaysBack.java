package dev.shaula.hnsw;

import java.util.Arrays;

/**
 * Edges back to nodes that were mended, from the neighbours they were given, until so many are known that a page takes
 * many of them. Nodes are mended in the order of their ordinals, but their neighbours lie anywhere: written at once,
 * each of these edges copied a page of its own, 4 KiB for 4 bytes at m = 8, and that was two thirds of all that a delete of half of a
 * million rows allocated.
 *
 * <p>What is not written when the graph is given up is lost: a node may then be known to fewer than it could be, and the
 * next pass, which has to come, finds those of level 0 that nobody leads to. Not thread-safe.
 */
final class WaysBack {
    /** Edges for each node of the level, at most: 64 for a page of m = 8, and 8 to 16 bytes a node while a pass is under way. */
    private static final int MOST_A_NODE = 1;

    private static final int FEWEST = 1 << 12;
    /** Nodes to a part, 64 pages of m = 8: its edges, some thousand, are sorted within a step. */
    private static final int PART_SHIFT = 12;
    /** Parts written in a step: 512 pages, 2 MiB and 2 ms at m = 8, twice that at 16. */
    private static final int PARTS_A_STEP = 8;

    private static final long[] NONE = {};

    private final int most;
    /** By part, the node that is to lead and the node it is to lead to. */
    private long[][] parts;

    private int[] counts;
    private int count;
    private boolean draining;
    private int drained;

    /** @param nodes of the level */
    WaysBack(int nodes) {
        this.most = Math.max(FEWEST, nodes * MOST_A_NODE);
        this.parts = new long[(nodes >>> PART_SHIFT) + 1][];
        Arrays.fill(parts, NONE);
        this.counts = new int[parts.length];
    }

    /** To be called while not {@link #isDue}. */
    void add(int from, int to) {
        int part = from >>> PART_SHIFT;
        if (part >= parts.length) { // nodes may have come since
            int had = parts.length;
            parts = Arrays.copyOf(parts, part + 1);
            Arrays.fill(parts, had, parts.length, NONE);
            counts = Arrays.copyOf(counts, part + 1);
        }
        if (counts[part] == parts[part].length) {
            parts[part] = Arrays.copyOf(parts[part], Math.max(64, 2 * counts[part]));
        }
        parts[part][counts[part]++] = ((long) from << 32) | to;
        count++;
    }

    /** True if no more are to be added before {@link #drain} has emptied this. */
    boolean isDue() {
        return draining || count >= most;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /**
     * Writes those of the next parts, where there is room for them.
     *
     * @param skip ints of a record before its neighbours
     */
    void drain(EdgePages edges, int skip, Live live) {
        drained = draining ? drained : 0;
        int end = Math.min(parts.length, drained + PARTS_A_STEP);
        for (; drained < end; drained++) {
            write(parts[drained], counts[drained], edges, skip, live);
            count -= counts[drained];
            counts[drained] = 0;
        }
        draining = drained < parts.length;
    }

    private static void write(long[] ways, int n, EdgePages edges, int skip, Live live) {
        Arrays.sort(ways, 0, n);
        for (int i = 0; i < n; i++) {
            int from = (int) (ways[i] >>> 32);
            int to = (int) ways[i];
            if (live.isLive(from) && live.isLive(to)) {
                edges.addIfRoom(from, skip, to);
            }
        }
    }

    /** Whether a node of the level is alive: it may have died since. */
    @FunctionalInterface
    interface Live {
        boolean isLive(int node);
    }
}
