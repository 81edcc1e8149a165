package dev.shaula.hnsw;

import dev.shaula.vectors.FloatBatch;
import java.util.Arrays;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The exact search of the same rows for several queries: a block of rows is measured against all of them while it is in
 * the cache. Answers are those of {@link GraphSearcher#scan}, bit for bit. Keeps its heaps and buffers. Not thread-safe.
 */
public final class BatchScan {
    private static final int WORD = 64;

    private final LongHeap[] kept = new LongHeap[FloatBatch.MOST];
    private final long[][] found = new long[FloatBatch.MOST][];
    private final int[] counts = new int[FloatBatch.MOST];
    private float[] distances = {};
    private @Nullable BooleanSupplier stopped;

    public BatchScan() {
        for (int q = 0; q < kept.length; q++) {
            kept[q] = new LongHeap();
            found[q] = new long[0];
        }
    }

    /** As {@link GraphSearcher#stopWhen}; asked once for each block, some 100 microseconds. */
    public void stopWhen(@Nullable BooleanSupplier stop) {
        stopped = stop;
    }

    /**
     * Measures every accepted row; then {@link #count}, {@link #ordinal} and {@link #distance} give the results.
     *
     * @param rows rows {@code 0 .. rows - 1} are read
     * @param batch with {@code k.length} queries
     * @param k results kept for each query, at least 1
     * @param accepted bit set per ordinal; null for all
     */
    public void scan(int rows, FloatBatch batch, int[] k, long @Nullable [] accepted) {
        int room = FloatBatch.MOST * batch.blockRows();
        if (distances.length < room) {
            distances = new float[room];
        }
        for (int q = 0; q < k.length; q++) {
            kept[q].clear();
        }
        for (int word = 0; word < (rows + WORD - 1) / WORD; word++) {
            long bits = accepted == null ? -1L : accepted[word];
            if (rows - word * WORD < WORD) {
                bits &= (1L << (rows - word * WORD)) - 1;
            }
            scanWord(batch, k, word * WORD, bits);
        }
        for (int q = 0; q < k.length; q++) {
            collect(q);
        }
    }

    /** Runs of rows that are accepted, none across the end of a block. */
    private void scanWord(FloatBatch batch, int[] k, int base, long bits) {
        int block = batch.blockRows();
        for (long left = bits; left != 0; ) {
            int from = Long.numberOfTrailingZeros(left);
            int run = Long.numberOfTrailingZeros(~(left >>> from));
            int to = Math.min(from + run, (from / block + 1) * block);
            checkStopped();
            batch.distances(k.length, base + from, to - from, distances);
            for (int q = 0; q < k.length; q++) {
                keep(q, q * block, base + from, to - from, k[q]);
            }
            left = to == WORD ? 0 : left & (-1L << to);
        }
    }

    private void keep(int q, int at, int first, int count, int k) {
        LongHeap heap = kept[q];
        float worst = worst(heap, k);
        for (int i = 0; i < count; i++) {
            if (!(distances[at + i] > worst)) { // what is equally far may still be newer
                long key = Keys.of(distances[at + i], first + i);
                if (heap.size() < k) {
                    heap.push(~key);
                } else if (key < ~heap.top()) {
                    heap.replaceTop(~key);
                }
                worst = worst(heap, k);
            }
        }
    }

    private static float worst(LongHeap heap, int k) {
        return heap.size() < k ? Float.POSITIVE_INFINITY : Keys.distance(~heap.top());
    }

    private void collect(int q) {
        int n = kept[q].size();
        if (found[q].length < n) {
            found[q] = Arrays.copyOf(found[q], n);
        }
        for (int i = n - 1; i >= 0; i--) {
            found[q][i] = ~kept[q].pop();
        }
        counts[q] = n;
    }

    private void checkStopped() {
        if (stopped != null && stopped.getAsBoolean()) {
            throw new CancellationException("the search is not wanted any more");
        }
    }

    /** Results of query {@code q}. */
    public int count(int q) {
        return counts[q];
    }

    /** The ordinal of result {@code i} of query {@code q}, closest first. */
    public int ordinal(int q, int i) {
        return Keys.node(found[q][i]);
    }

    public float distance(int q, int i) {
        return Keys.distance(found[q][i]);
    }
}
