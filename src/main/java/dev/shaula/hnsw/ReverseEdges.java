package dev.shaula.hnsw;

import java.util.Arrays;

/** The edges back to new nodes on one level, grouped by target and by page of target, so that each has one writer. */
final class ReverseEdges {
    private final int level;
    private final int capacity;

    private long[] edges = new long[1024];
    private float[] distances = new float[1024];
    private int[] sources = new int[1024];
    private int count;
    private int[] groupStart = {};

    ReverseEdges(int level, int capacity) {
        this.level = level;
        this.capacity = capacity;
    }

    void add(int target, int source, float distance) {
        if (count == edges.length) {
            edges = Arrays.copyOf(edges, 2 * count);
            distances = Arrays.copyOf(distances, 2 * count);
            sources = Arrays.copyOf(sources, 2 * count);
        }
        distances[count] = distance;
        sources[count] = source;
        edges[count] = ((long) target << 32) | count;
        count++;
    }

    /** Sorts by target and makes every page that will be written to private; returns the number of groups. */
    int groupByPage(EdgePages pages) {
        Arrays.sort(edges, 0, count);
        int groups = 0;
        int[] starts = new int[count + 1];
        for (int e = 0; e < count; e++) {
            int page = EdgePages.pageIndex(target(e));
            if (e == 0 || page != EdgePages.pageIndex(target(e - 1))) {
                pages.own(page);
                starts[groups++] = e;
            }
        }
        starts[groups] = count;
        groupStart = starts;
        return groups;
    }

    /** Updates all targets of one page. */
    void apply(int group, EdgePages pages, LinkWorker worker, LinkWorker.OrdinalOf ordinalOf) {
        int end = groupStart[group + 1];
        for (int e = groupStart[group]; e < end; ) {
            int next = e + 1;
            while (next < end && target(next) == target(e)) {
                next++;
            }
            update(e, next, pages, worker, ordinalOf);
            e = next;
        }
    }

    private int target(int e) {
        return (int) (edges[e] >>> 32);
    }

    private void update(int from, int to, EdgePages pages, LinkWorker worker, LinkWorker.OrdinalOf ordinalOf) {
        int target = target(from);
        int skip = level == 0 ? 0 : 1;
        int[] page = pages.page(target);
        int at = pages.offset(target) + skip;
        int had = 0;
        while (had < capacity && page[at + had] != HnswGraph.NONE) {
            had++;
        }
        int[] neighbours = Arrays.copyOfRange(page, at, at + had);
        worker.candidateCount = 0;
        for (int e = from; e < to; e++) {
            int edge = (int) edges[e];
            if (!contains(neighbours, sources[edge])) {
                worker.addCandidate(Keys.of(distances[edge], sources[edge]));
            }
        }
        int fresh = worker.candidateCount;
        if (had + fresh > capacity) {
            worker.measureNeighbours(neighbours, had, ordinalOf.ordinal(level, target), level, ordinalOf);
            worker.sortCandidates();
            write(page, at, worker.select(capacity, level, ordinalOf));
        } else {
            worker.sortCandidates();
            worker.copyCandidates(page, at + had);
        }
    }

    private void write(int[] page, int at, long[] keys) {
        for (int i = 0; i < capacity; i++) {
            page[at + i] = i < keys.length ? Keys.node(keys[i]) : HnswGraph.NONE;
        }
    }

    private static boolean contains(int[] nodes, int node) {
        for (int n : nodes) {
            if (n == node) {
                return true;
            }
        }
        return false;
    }
}
