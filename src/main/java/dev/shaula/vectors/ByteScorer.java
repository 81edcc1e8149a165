package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Metric;
import dev.shaula.simd.CodeKernels;
import dev.shaula.simd.EncodingKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/**
 * Approximate distances on 8-bit codes. With {@code x = a + s c} and the query {@code q = b + t k} of 7 bits, {@code
 * <x, q> = a sum(q) + s sum(c) b + s t <c, k>}, so that a distance costs one integer dot product and the row's factors.
 */
final class ByteScorer implements Scorer {
    private static final MemorySegment ALL = NativeMemory.ALL;

    private final ByteCodes codes;
    private final CodeRows rows;
    private final int blocks;
    private final float weight;
    private final float one;
    private final CodeScratch scratch;
    private final @Nullable BitScorer walker;

    private float[] vector = {};
    private int row = -1;
    private boolean walkerReady;

    private float base;
    private float low;
    private float step;
    private float sum;
    private long touched;

    /** @param walker coarser, for walking the graph; null if these codes serve for that */
    ByteScorer(ByteCodes codes, @Nullable BitScorer walker, CodeScratch scratch) {
        this.codes = codes;
        this.rows = codes.rows();
        this.blocks = codes.blocks();
        this.weight = codes.metric() == Metric.EUCLIDEAN ? 2 : 1;
        this.one = codes.metric() == Metric.COSINE ? 1 : 0;
        this.walker = walker;
        this.scratch = scratch;
    }

    @Override
    public void query(float[] query) {
        vector = query;
        row = -1;
        walkerReady = false;
        float[] v = scratch.floats;
        FloatRows.scaled(query, codes.metric(), v);
        low = ByteCodes.lowest(v, codes.dimensions(), blocks);
        step = (EncodingKernels.max(v, blocks) - low) / 127;
        byte[] k = scratch.bytes;
        int codeSum = EncodingKernels.quantise(v, blocks, low, step == 0 ? 0 : 1 / step, 127, k);
        codeSum -= ByteCodes.clearPadding(k, codes.dimensions(), blocks);
        CodeKernels.packByteQuery(k, blocks, scratch.query, 0);
        sum = codes.dimensions() * low + step * codeSum;
        base = one + ByteCodes.base(codes.metric(), v, codes.dimensions());
    }

    @Override
    public void queryRow(int ordinal) {
        row = ordinal;
        walkerReady = false;
        try {
            queryAt(rows.address(ordinal));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private void queryAt(long at) {
        long factors = at + blocks;
        float rowStep = ALL.get(CodeRows.FLOAT, factors + 8);
        byte[] k = scratch.bytes;
        MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, at, k, 0, blocks);
        for (int i = 0; i < blocks; i++) {
            k[i] = (byte) (Byte.toUnsignedInt(k[i]) >>> 1);
        }
        CodeKernels.packByteQuery(k, blocks, scratch.query, 0);
        base = one + ALL.get(CodeRows.FLOAT, factors);
        setRowFactors(ALL.get(CodeRows.FLOAT, factors + 4), rowStep, ALL.get(CodeRows.FLOAT, factors + 12));
    }

    /** The query is a row whose codes lost their last bit: half a step is what that bit is worth on average. */
    private void setRowFactors(float rowLow, float rowStep, float stepSum) {
        low = rowLow + 0.5f * rowStep;
        step = 2 * rowStep;
        sum = codes.dimensions() * rowLow + stepSum;
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
        int dot = CodeKernels.byteDot(ALL, at, scratch.query, 0, blocks);
        long factors = at + blocks;
        float s = ALL.get(CodeRows.FLOAT, factors + 8);
        float product = ALL.get(CodeRows.FLOAT, factors + 4) * sum
                + ALL.get(CodeRows.FLOAT, factors + 12) * low
                + s * step * dot;
        return base + ALL.get(CodeRows.FLOAT, factors) - weight * product;
    }

    @Override
    public void distances(int[] ordinals, int n, float[] out) {
        try {
            for (int first = 0; first < n; first += CodeScratch.BATCH) {
                batch(ordinals, first, Math.min(CodeScratch.BATCH, n - first), out);
            }
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private void batch(int[] ordinals, int first, int n, float[] out) {
        long[] at = scratch.addresses;
        rows.addresses(ordinals, first, n, at);
        touched += rows.touch(at, n);
        for (int i = 0; i < n; i++) {
            out[first + i] = distanceAt(at[i]);
        }
    }

    @Override
    public float between(int a, int b) {
        try {
            return betweenAt(rows.address(a), rows.address(b));
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private float betweenAt(long a, long b) {
        int dot = CodeKernels.byteRowsDot(ALL, a, ALL, b, blocks);
        long aAt = a + blocks;
        long bAt = b + blocks;
        float aLow = ALL.get(CodeRows.FLOAT, aAt + 4);
        float bLow = ALL.get(CodeRows.FLOAT, bAt + 4);
        float bStep = ALL.get(CodeRows.FLOAT, bAt + 8);
        float bSum = codes.dimensions() * bLow + ALL.get(CodeRows.FLOAT, bAt + 12);
        float product = aLow * bSum
                + ALL.get(CodeRows.FLOAT, aAt + 12) * (bLow + 0.5f * bStep)
                + ALL.get(CodeRows.FLOAT, aAt + 8) * 2 * bStep * dot;
        return one + ALL.get(CodeRows.FLOAT, aAt) + ALL.get(CodeRows.FLOAT, bAt) - weight * product;
    }

    @Override
    public @Nullable Scorer walker() {
        if (walker != null && !walkerReady) {
            walkerReady = true;
            if (row >= 0) {
                walker.queryRow(row);
            } else {
                walker.query(vector);
            }
        }
        return walker;
    }

    /** Keeps the compiler from leaving out the reads that only warm the cache. */
    long touched() {
        return touched;
    }
}
