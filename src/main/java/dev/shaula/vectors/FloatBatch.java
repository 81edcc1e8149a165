package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Metric;
import dev.shaula.simd.RowKernels;
import java.lang.foreign.MemorySegment;

/**
 * Exact distances of several queries from the same float32 rows, bit for bit those of a {@link FloatScorer}: rows are read
 * from memory for the first two queries and from the cache for the others. Not thread-safe.
 */
public final class FloatBatch {
    /**
     * Queries at most. Rows at memory speed cost 180 ns each (1,536 dimensions); shared by sixteen that is less than what the
     * distance itself takes, so that more would gain little and hold the thread longer.
     */
    public static final int MOST = 16;
    /** What is measured at once: as many rows as a word of a bit set tells of, and no more than half of the second cache. */
    private static final int MOST_ROWS = 64;

    private static final int BLOCK_BYTES = 512 << 10;

    /** Blocks are read as streams. */
    private static final long[] NO_ADDRESSES = {};

    private final Metric metric;
    private final FloatRows.View rows;
    private final int blockRows;
    private final FloatScorer[] queries = new FloatScorer[MOST];
    private final MemorySegment scratch;
    private final long stride;

    /** @param scratch native memory of at least {@link #scratchBytes}, owned by the caller, in use until the last call */
    FloatBatch(Metric metric, FloatRows.View rows, MemorySegment scratch) {
        this.metric = metric;
        this.rows = rows;
        this.scratch = scratch;
        this.stride = FloatScorer.scratchBytes(rows.dimensions());
        this.blockRows = Integer.highestOneBit(Math.clamp(BLOCK_BYTES / stride, 1, MOST_ROWS));
        for (int q = 0; q < MOST; q++) {
            queries[q] = new FloatScorer(metric, rows, scratch.asSlice(q * stride, stride), NO_ADDRESSES);
        }
    }

    /** With scratch of its own. */
    public FloatBatch(Metric metric, FloatRows.View rows) {
        this(metric, rows, NativeMemory.allocate(scratchBytes(rows.dimensions()), false));
    }

    static long scratchBytes(int dimensions) {
        return MOST * FloatScorer.scratchBytes(dimensions);
    }

    /** Rows that {@link #distances} measures at once, a power of two up to 64. */
    public int blockRows() {
        return blockRows;
    }

    /** Makes a caller's vector query {@code q}, 0 to {@link #MOST} - 1; copies it. */
    public void query(int q, float[] vector) {
        queries[q].query(vector);
    }

    /**
     * From the first {@code n} queries to rows {@code first .. first + count - 1}, all in one block: in one range of
     * {@link #blockRows} that begins at a multiple of it.
     *
     * @param out takes that of query {@code q} and row {@code first + i} at {@code q * blockRows() + i}
     */
    public void distances(int n, int first, int count, float[] out) {
        MemorySegment chunk = rows.chunk(first);
        long offset = rows.offset(first);
        for (int q = 0; q + 1 < n; q += 2) {
            pair(q, chunk, offset, count, out);
        }
        if (n % 2 != 0) {
            one(n - 1, chunk, offset, count, out);
        }
        if (metric != Metric.EUCLIDEAN) {
            for (int q = 0; q < n; q++) {
                rows.distancesOfProducts(metric, 1f, first, count, out, q * blockRows);
            }
        }
    }

    private void pair(int q, MemorySegment chunk, long offset, int count, float[] out) {
        RowLayout layout = rows.layout();
        int floats = layout.paddedDimensions();
        long row = layout.strideBytes();
        long at = q * stride;
        int outAt = q * blockRows;
        if (metric == Metric.EUCLIDEAN) {
            RowKernels.squaredEuclideanPair(
                    scratch, at, at + stride, chunk, offset, row, count, floats, out, outAt, outAt + blockRows);
        } else {
            RowKernels.dotPair(
                    scratch, at, at + stride, chunk, offset, row, count, floats, out, outAt, outAt + blockRows);
        }
    }

    private void one(int q, MemorySegment chunk, long offset, int count, float[] out) {
        RowLayout layout = rows.layout();
        int floats = layout.paddedDimensions();
        long row = layout.strideBytes();
        if (metric == Metric.EUCLIDEAN) {
            RowKernels.squaredEuclidean(scratch, q * stride, chunk, offset, row, count, floats, out, q * blockRows);
        } else {
            RowKernels.dot(scratch, q * stride, chunk, offset, row, count, floats, out, q * blockRows);
        }
    }
}
