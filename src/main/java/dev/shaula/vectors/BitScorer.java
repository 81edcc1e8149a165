package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Metric;
import dev.shaula.simd.CodeKernels;
import dev.shaula.simd.CodeRowKernels;
import dev.shaula.simd.EncodingKernels;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/** Estimated distances on 1-bit codes, from a query reduced to four bits a dimension after the same rotation. */
final class BitScorer implements Scorer {
    private static final MemorySegment ALL = NativeMemory.ALL;
    /** Twice {@code sqrt((1 - e^2) / e^2)}, {@code e^2 = 2 / pi}: what the signs leave of a vector that is rotated. */
    private static final float ERROR = 1.51f;

    private final BitCodes codes;
    private final CodeRows rows;
    private final FloatRows.View floats;
    private final int bitBytes;
    private final float weight;
    private final float errorPerBase;
    private final CodeScratch scratch;
    private final int together;

    private float base;
    private float twiceLow;
    private float twiceStep;
    private float sum;
    private long touched;

    BitScorer(BitCodes codes, FloatRows.View floats, CodeScratch scratch) {
        this.codes = codes;
        this.rows = codes.rows();
        this.floats = floats;
        this.bitBytes = codes.bitBytes();
        this.weight = codes.metric() == Metric.EUCLIDEAN ? 2 : 1;
        this.errorPerBase = ERROR / (float) Math.sqrt(8d * bitBytes);
        this.scratch = scratch;
        this.together = rows.together();
    }

    @Override
    public void query(float[] vector) {
        prepare(FloatRows.scaled(vector, codes.metric(), scratch.rotated));
    }

    @Override
    public void queryRow(int ordinal) {
        prepare(floats.copyScaled(ordinal, codes.metric(), scratch.rotated));
    }

    private void prepare(float scale) {
        float[] q = scratch.rotated;
        int n = q.length;
        codes.centred(q);
        base = codes.queryBase(q, scale);
        sum = EncodingKernels.sum(q, n);
        float low = EncodingKernels.min(q, n);
        float step = (EncodingKernels.max(q, n) - low) / 15;
        long[] planes = scratch.planes;
        EncodingKernels.bitPlanes(q, n, low, step == 0 ? 0 : 1 / step, planes, scratch.bitBlocks / 8);
        MemorySegment.copy(planes, 0, scratch.query, CodeRows.LONG, scratch.planesAt(), planes.length);
        twiceLow = 2 * low;
        twiceStep = 2 * step;
    }

    @Override
    public float distance(int ordinal) {
        try {
            return distanceAt(rows.address(ordinal));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private float distanceAt(long at) {
        int dot = CodeKernels.bitDot(ALL, at, scratch.query, scratch.planesAt(), scratch.bitBlocks);
        return distanceOf(at, dot);
    }

    private float distanceOf(long at, int dot) {
        long factors = at + bitBytes;
        float signed = twiceStep * dot + twiceLow * ALL.get(CodeRows.FLOAT, factors + 8) - sum;
        return base + ALL.get(CodeRows.FLOAT, factors) - weight * ALL.get(CodeRows.FLOAT, factors + 4) * signed;
    }

    @Override
    public void distances(int[] ordinals, int n, float[] out) {
        try {
            for (int first = 0; first < n; first += together) {
                batch(ordinals, first, Math.min(together, n - first), out);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private void batch(int[] ordinals, int first, int n, float[] out) {
        long[] at = scratch.addresses;
        rows.addresses(ordinals, first, n, at);
        touched += rows.touch(at, n);
        int[] dots = scratch.dots;
        CodeRowKernels.bitDots(ALL, at, n, scratch.query, scratch.planesAt(), scratch.bitBlocks, dots);
        for (int i = 0; i < n; i++) {
            out[first + i] = distanceOf(at[i], dots[i]);
        }
    }

    /** As RaBitQ has it, for a row as far from the centre as the query is. */
    @Override
    public float error() {
        return codes.metric() == Metric.DOT ? Float.POSITIVE_INFINITY : errorPerBase * base;
    }

    @Override
    public float between(int a, int b) {
        throw new UnsupportedOperationException("1-bit codes are for walking, not for choosing neighbours");
    }

    /** Rows that have codes. */
    int rowCount() {
        return codes.count();
    }

    /** Keeps the compiler from leaving out the reads that only warm the cache. */
    long touched() {
        return touched;
    }
}
