package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Metric;
import dev.shaula.simd.FloatKernels;
import dev.shaula.simd.RowKernels;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * Exact distances on float32 rows. The query is copied into native scratch, so that kernels meet native segments only;
 * for the cosine it is brought to length 1 on the way, and each row's scale does the rest.
 */
public final class FloatScorer implements Scorer {
    /** Rows read as a stream at once: few, so that the scale behind each is still in the cache when the products are there. */
    private static final int RUN = 32;
    /** Fewer cost less one by one. */
    private static final int LEAST_RUN = 4;
    /** Of rows read ahead together: a part of the second cache, so that the first is still there when it is measured. */
    private static final int AHEAD_BYTES = 128 << 10;

    private final Metric metric;
    private final FloatRows.View rows;
    private final int floats;
    private final MemorySegment scratch;
    private final long[] addresses;
    private final int ahead;

    private MemorySegment query;
    private long queryOffset;
    private float queryScale = 1;
    /** Keeps the compiler from leaving out the reads that only warm the cache. */
    private long touched;

    /**
     * @param scratch native memory of at least {@link #scratchBytes}, owned by the caller, in use until the last call
     * @param addresses room for as many rows as may be read together, in use during calls only
     */
    FloatScorer(Metric metric, FloatRows.View rows, MemorySegment scratch, long[] addresses) {
        this.metric = metric;
        this.rows = rows;
        this.floats = rows.layout().paddedDimensions();
        this.scratch = scratch;
        this.query = scratch;
        this.addresses = addresses;
        this.ahead = Math.min(Math.max(1, AHEAD_BYTES / rows.layout().strideBytes()), addresses.length);
    }

    /** A scorer with scratch of its own. */
    public FloatScorer(Metric metric, FloatRows.View rows) {
        this(metric, rows, NativeMemory.allocate(scratchBytes(rows.dimensions()), false), new long[CodeScratch.BATCH]);
    }

    /** Native scratch that a query of this many dimensions needs. */
    public static long scratchBytes(int dimensions) {
        return RowLayout.of(dimensions).strideBytes();
    }

    @Override
    public void query(float[] vector) {
        int d = rows.dimensions();
        float scale = metric == Metric.COSINE ? FloatRows.inverseLength(vector) : 1f;
        for (int i = 0; i < d; i++) {
            scratch.set(FloatRows.FLOAT, 4L * i, vector[i] * scale);
        }
        // Not asSlice and fill: the slice is an object, and not always one that the compiler removes.
        for (int i = d; i < floats; i++) {
            scratch.set(FloatRows.FLOAT, 4L * i, 0f);
        }
        query = scratch;
        queryOffset = 0;
        queryScale = 1;
    }

    @Override
    public void queryRow(int ordinal) {
        query = rows.chunk(ordinal);
        queryOffset = rows.offset(ordinal);
        queryScale = metric == Metric.COSINE ? rows.scale(ordinal) : 1f;
    }

    @Override
    public float distance(int ordinal) {
        return distance(query, queryOffset, queryScale, ordinal);
    }

    /** Rows that follow each other, as those of a scan do, are read as a stream; others are read ahead together. */
    @Override
    public void distances(int[] ordinals, int n, float[] out) {
        int touchedTo = 0;
        for (int i = 0; i < n; ) {
            int run = rows.run(ordinals, i, Math.min(n, i + RUN));
            if (run >= LEAST_RUN) {
                runDistances(ordinals[i], run, out, i);
            } else {
                if (i >= touchedTo) {
                    touchedTo = Math.min(n, i + ahead);
                    touch(ordinals, i, touchedTo);
                }
                run = 1;
                out[i] = distance(query, queryOffset, queryScale, ordinals[i]);
            }
            i += run;
        }
    }

    private void runDistances(int first, int count, float[] out, int at) {
        MemorySegment chunk = rows.chunk(first);
        long offset = rows.offset(first);
        long stride = rows.layout().strideBytes();
        if (metric == Metric.EUCLIDEAN) {
            RowKernels.squaredEuclidean(query, queryOffset, chunk, offset, stride, count, floats, out, at);
            return;
        }
        RowKernels.dot(query, queryOffset, chunk, offset, stride, count, floats, out, at);
        rows.distancesOfProducts(metric, queryScale, first, count, out, at);
    }

    private void touch(int[] ordinals, int from, int to) {
        try {
            for (int i = from; i < to; i++) {
                addresses[i - from] = rows.address(ordinals[i]);
            }
            touched += rows.lines().touch(addresses, to - from);
        } finally {
            Reference.reachabilityFence(rows);
        }
    }

    long touched() {
        return touched;
    }

    @Override
    public float between(int a, int b) {
        float scale = metric == Metric.COSINE ? rows.scale(a) : 1f;
        return distance(rows.chunk(a), rows.offset(a), scale, b);
    }

    @Override
    public float error() {
        return metric == Metric.DOT ? Float.POSITIVE_INFINITY : 0;
    }

    private float distance(MemorySegment from, long fromOffset, float fromScale, int ordinal) {
        MemorySegment chunk = rows.chunk(ordinal);
        long offset = rows.offset(ordinal);
        return switch (metric) {
            case COSINE ->
                1f - FloatKernels.dot(from, fromOffset, chunk, offset, floats) * fromScale * rows.scale(ordinal);
            case DOT -> -FloatKernels.dot(from, fromOffset, chunk, offset, floats);
            case EUCLIDEAN -> FloatKernels.squaredEuclidean(from, fromOffset, chunk, offset, floats);
        };
    }
}
