package dev.shaula.hnsw;

import java.util.Arrays;

/**
 * The nearest nodes that a search has seen, sorted, each marked once it is expanded: candidates and results in one array,
 * as in NSG (VLDB 2019). Keys are those of {@link Keys}; a mark clears the highest bit of the node, which is set in every
 * key, so that a marked key still sorts where it stands. Up to some hundred nodes moving half of them for each one that
 * comes is cheaper than two heaps, whose branches nobody can foretell.
 */
final class NearestNodes {
    private static final long UNMARKED = 0x8000_0000L;

    private long[] keys = new long[256];
    private int size;
    private int limit;
    /** All before this are marked. */
    private int next;

    /** Empties the list, which then keeps the nearest {@code mostNodes}. */
    void reset(int mostNodes) {
        if (keys.length < mostNodes) {
            keys = new long[Math.max(mostNodes, 2 * keys.length)];
        }
        size = 0;
        limit = mostNodes;
        next = 0;
    }

    int size() {
        return size;
    }

    /** Nodes it keeps at most. */
    int limit() {
        return limit;
    }

    /** True if there is a node that is not marked; {@link #peek} and {@link #take} then give the nearest of them. */
    boolean hasNext() {
        return hasNext(size);
    }

    /** As {@link #hasNext()}, among the nearest {@code width}. */
    boolean hasNext(int width) {
        int end = Math.min(width, size);
        while (next < end && (keys[next] & UNMARKED) == 0) {
            next++;
        }
        return next < end;
    }

    /** The distance of the node that {@link #peek} gives. */
    float nextDistance() {
        return Keys.distance(keys[next]);
    }

    float distance(int i) {
        return Keys.distance(keys[i]);
    }

    /** How many of the nearest {@code width} are set in {@code accepted}. */
    int count(long[] accepted, int width) {
        int n = 0;
        for (int i = 0; i < Math.min(width, size); i++) {
            int node = Keys.node(keys[i] | UNMARKED);
            n += (int) (accepted[node >>> 6] >>> node) & 1;
        }
        return n;
    }

    int peek() {
        return Keys.node(keys[next]);
    }

    /** The node of {@link #peek}, marked from now on. */
    int take() {
        long key = keys[next];
        keys[next++] = key & ~UNMARKED;
        return Keys.node(key);
    }

    /** The nearest that are not marked, up to {@code most} of the nearest {@code width}, marked from now on; returns how many. */
    int take(int most, int width, int[] out) {
        int n = 0;
        while (n < most && hasNext(width)) {
            out[n++] = take();
        }
        return n;
    }

    /** Takes a node in unless the list is full of nearer ones. */
    void add(long key) {
        if (key < bound()) {
            insert(key);
        }
    }

    /** {@link #add} for each of {@code n} nodes; most of them are farther than the last of a full list. */
    void addAll(int[] nodes, float[] distances, int n) {
        long bound = bound();
        for (int i = 0; i < n; i++) {
            long key = Keys.of(distances[i], nodes[i]);
            if (key < bound) {
                insert(key);
                bound = bound();
            }
        }
    }

    /** What keys must be less than. */
    private long bound() {
        return size == limit ? keys[size - 1] : Long.MAX_VALUE;
    }

    private void insert(long key) {
        long[] sorted = keys;
        int at = placeOf(key, size);
        if (size < limit) {
            size++;
        }
        for (int i = size - 1; i > at; i--) { // some ten longs: a call to copy them takes longer
            sorted[i] = sorted[i - 1];
        }
        sorted[at] = key;
        next = Math.min(next, at);
    }

    /** The first of {@code n} sorted keys that is not less. Halves without a branch on what is found. */
    private int placeOf(long key, int n) {
        int at = 0;
        for (int left = n; left > 0; ) {
            int half = (left + 1) >>> 1;
            at += keys[at + half - 1] < key ? half : 0;
            left -= half;
        }
        return at;
    }

    /** Copies all keys without their marks, the nearest first. */
    long[] copyTo(long[] into) {
        long[] out = into.length < size ? Arrays.copyOf(into, Math.max(size, 2 * into.length)) : into;
        for (int i = 0; i < size; i++) {
            long key = keys[i] | UNMARKED;
            int at = i;
            for (; at > 0 && out[at - 1] > key; at--) { // nodes at one distance were sorted by their marks
                out[at] = out[at - 1];
            }
            out[at] = key;
        }
        return out;
    }
}
