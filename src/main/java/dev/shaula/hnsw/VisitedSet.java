package dev.shaula.hnsw;

import java.util.Arrays;

/**
 * Nodes seen by one search, one bit each: 125 KB for a million nodes, so that it stays in the L2 cache. Clearing costs
 * as much as was set, not as much as there is.
 */
final class VisitedSet {
    private long[] bits = {};
    private int[] touched = new int[1024];
    private int touchedCount;

    /** Empties the set and makes room for nodes below {@code n}. */
    void reset(int n) {
        for (int i = 0; i < touchedCount; i++) {
            bits[touched[i]] = 0;
        }
        touchedCount = 0;
        int words = (n + 63) >>> 6;
        if (words > bits.length) {
            bits = new long[words + (words >>> 2)];
        }
    }

    /** True if the node was not in the set. */
    boolean add(int node) {
        int word = node >>> 6;
        long bit = 1L << node;
        long old = bits[word];
        if ((old & bit) != 0) {
            return false;
        }
        if (old == 0) {
            if (touchedCount == touched.length) {
                touched = Arrays.copyOf(touched, 2 * touchedCount);
            }
            touched[touchedCount++] = word;
        }
        bits[word] = old | bit;
        return true;
    }

    /**
     * Adds the nodes of an edge list, which ends with {@link HnswGraph#NONE} or is full, and copies those that were not
     * in the set to {@code out} from {@code at} on; returns their number. Without a branch on what was there: half of all neighbours have
     * been seen before, and which half nobody can foretell.
     */
    int addNew(int[] edges, int from, int capacity, int[] out, int at) {
        if (touched.length - touchedCount < capacity) {
            touched = Arrays.copyOf(touched, 2 * (touched.length + capacity));
        }
        int kept = at;
        int words = touchedCount;
        for (int i = from; i < from + capacity && edges[i] != HnswGraph.NONE; i++) {
            int node = edges[i];
            int word = node >>> 6;
            long old = bits[word];
            int isNew = (int) (~(old >>> node) & 1);
            bits[word] = old | 1L << node;
            out[kept] = node;
            touched[words] = word;
            kept += isNew;
            words += isNew;
        }
        touchedCount = words;
        return kept - at;
    }
}
