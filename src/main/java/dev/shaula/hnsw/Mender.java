package dev.shaula.hnsw;

import dev.shaula.vectors.Scorer;
import java.util.Arrays;

/**
 * Finds new neighbours for a node that lost some, after the consolidation of FreshDiskANN (Singh et al., 2021): the
 * candidates are the live neighbours of its dead neighbours. Scratch of one thread.
 *
 * <p>Neighbours are chosen anew among these and the live neighbours (Algorithm 4 of the HNSW paper); as many are added
 * as dead ones go. But live neighbours stay also when they are not chosen, other than in FreshDiskANN: some node may
 * depend on such an edge to be found.
 */
final class Mender {
    /** Dead nodes walked through for one node: enough to cross a region of which a twentieth is left. */
    private static final int MAX_CROSSED = 512;
    /** Candidates for each of the m edges after which no more than the dead neighbours are walked through. */
    private static final int ENOUGH = 4;

    private final Scorer scorer;
    private final NodeSet seen = new NodeSet();
    private final int[] crossed = new int[MAX_CROSSED];
    private int crossedCount;
    /** Live neighbours, then other candidates. */
    private int[] found = new int[256];

    private int[] ordinals = new int[256];
    private float[] distances = new float[256];
    private long[] keys = new long[256];
    private int foundCount;
    private int[] nodes = {};
    private int[] chosen = {};
    private int[] neighbours = {};

    Mender(Scorer scorer) {
        this.scorer = scorer;
    }

    /**
     * What the neighbours of a node should be.
     *
     * @param neighbours without dead ones
     * @param kept how many of the first it has already
     */
    record Mended(int[] neighbours, int kept) {}

    Mended mend(HnswGraph graph, int level, int node, long[] live) {
        makeRoom(graph.capacity(0));
        foundCount = 0;
        crossedCount = 0;
        split(graph, level, node, live);
        int kept = foundCount;
        int dead = crossedCount;
        cross(graph, level, live, dead);
        measure(graph, level, node);
        int most = Math.min(graph.capacity(level), kept + dead);
        System.arraycopy(found, 0, neighbours, 0, kept);
        return new Mended(Arrays.copyOf(neighbours, select(graph, level, kept, Math.min(most, foundCount))), kept);
    }

    private void makeRoom(int capacity) {
        if (nodes.length < capacity) {
            nodes = new int[capacity];
            chosen = new int[capacity];
            neighbours = new int[capacity];
        }
    }

    private void split(HnswGraph graph, int level, int node, long[] live) {
        seen.clear();
        seen.add(node);
        int n = graph.neighbours(level, node, nodes);
        for (int i = 0; i < n; i++) {
            meet(graph, level, nodes[i], live);
        }
    }

    /** All dead neighbours; and the dead behind them, if little that lives was found. */
    private void cross(HnswGraph graph, int level, long[] live, int dead) {
        for (int c = 0; c < crossedCount && (c < dead || foundCount < ENOUGH * graph.m()); c++) {
            int n = graph.neighbours(level, crossed[c], nodes);
            for (int i = 0; i < n; i++) {
                meet(graph, level, nodes[i], live);
            }
        }
    }

    private void meet(HnswGraph graph, int level, int node, long[] live) {
        if (!seen.add(node)) {
            return;
        }
        int ordinal = graph.ordinal(level, node);
        if (!NodeBits.isSet(live, ordinal)) {
            if (crossedCount < MAX_CROSSED) {
                crossed[crossedCount++] = node;
            }
            return;
        }
        if (foundCount == found.length) {
            found = Arrays.copyOf(found, 2 * foundCount);
            ordinals = Arrays.copyOf(ordinals, found.length);
            distances = new float[found.length];
            keys = new long[found.length];
        }
        ordinals[foundCount] = ordinal;
        found[foundCount++] = node;
    }

    /** Sorts what was found by distance; a key names its place in {@link #found}. */
    private void measure(HnswGraph graph, int level, int node) {
        scorer.queryRow(graph.ordinal(level, node));
        scorer.distances(ordinals, foundCount, distances);
        for (int i = 0; i < foundCount; i++) {
            keys[i] = Keys.of(distances[i], i);
        }
        Arrays.sort(keys, 0, foundCount);
    }

    /** Writes what is to be added behind the first {@code kept}, up to {@code most}; returns the number of all. */
    private int select(HnswGraph graph, int level, int kept, int most) {
        int n = kept;
        int chosenCount = 0;
        for (int k = 0; k < foundCount && n < most && chosenCount < graph.capacity(level); k++) {
            int place = Keys.node(keys[k]);
            if (isDiverse(ordinals[place], Keys.distance(keys[k]), chosenCount)) {
                chosen[chosenCount++] = ordinals[place];
                if (place >= kept) {
                    neighbours[n++] = found[place];
                }
            }
        }
        return n;
    }

    private boolean isDiverse(int ordinal, float distance, int chosenCount) {
        for (int i = 0; i < chosenCount; i++) {
            if (scorer.between(chosen[i], ordinal) < distance) {
                return false;
            }
        }
        return true;
    }
}
