package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Metric;
import dev.shaula.simd.CodeKernels;
import dev.shaula.simd.CodeRowKernels;
import dev.shaula.simd.EncodingKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/**
 * Approximate distances on codes of 8 or 4 bits. With {@code x = a + s c} and the query {@code q = b + t k} of 7 bits, {@code
 * <x, q> = a sum(q) + s sum(c) b + s t <c, k>}, so that a distance costs one integer dot product and the row's factors.
 */
final class ScalarScorer implements Scorer {
    private static final MemorySegment ALL = NativeMemory.ALL;

    private final ScalarCodes codes;
    private final CodeRows rows;
    private final boolean nibbles;
    private final int blocks;
    private final float weight;
    private final float one;
    private final float errorPerStep;
    private final CodeScratch scratch;
    private final int together;
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
    ScalarScorer(ScalarCodes codes, @Nullable BitScorer walker, CodeScratch scratch) {
        this.codes = codes;
        this.rows = codes.rows();
        this.nibbles = codes.nibbles();
        this.blocks = codes.blocks();
        this.weight = codes.metric() == Metric.EUCLIDEAN ? 2 : 1;
        this.one = codes.metric() == Metric.COSINE ? 1 : 0;
        double rowStep = 127d / (nibbles ? 15 : 255); // of the query's steps
        this.errorPerStep = (float) Math.sqrt((1 + rowStep * rowStep) / 12);
        this.walker = walker;
        this.scratch = scratch;
        this.together = rows.together();
    }

    @Override
    public void query(float[] query) {
        vector = query;
        row = -1;
        walkerReady = false;
        float[] v = scratch.floats;
        FloatRows.scaled(query, codes.metric(), v);
        base = one + codes.base(v);
        low = codes.lowest(v);
        step = (EncodingKernels.max(v, codes.codesPadded()) - low) / 127;
        int codeSum = codes.quantise(v, low, step, 127, scratch.bytes);
        pack(scratch.bytes);
        sum = codes.dimensions() * low + step * codeSum;
    }

    private void pack(byte[] k) {
        if (nibbles) {
            CodeKernels.packNibbleQuery(k, blocks, scratch.query, 0);
        } else {
            CodeKernels.packByteQuery(k, blocks, scratch.query, 0);
        }
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
        byte[] k = scratch.bytes;
        if (nibbles) {
            CodeKernels.unpackNibbles(ALL, at, blocks, k);
        } else {
            MemorySegment.copy(ALL, ValueLayout.JAVA_BYTE, at, k, 0, blocks);
            for (int i = 0; i < blocks; i++) {
                k[i] = (byte) (Byte.toUnsignedInt(k[i]) >>> 1);
            }
        }
        pack(k);
        long factors = at + blocks;
        base = one + ALL.get(CodeRows.FLOAT, factors);
        low = lowOfQuery(factors);
        step = stepOfQuery(factors);
        sum = sumOfQuery(factors);
    }

    // A row of 8-bit codes loses their last bit as a query: half a step is what that bit is worth on average.

    private float lowOfQuery(long factors) {
        float rowLow = ALL.get(CodeRows.FLOAT, factors + 4);
        return nibbles ? rowLow : rowLow + 0.5f * ALL.get(CodeRows.FLOAT, factors + 8);
    }

    private float stepOfQuery(long factors) {
        float rowStep = ALL.get(CodeRows.FLOAT, factors + 8);
        return nibbles ? rowStep : 2 * rowStep;
    }

    private float sumOfQuery(long factors) {
        return codes.dimensions() * ALL.get(CodeRows.FLOAT, factors + 4) + ALL.get(CodeRows.FLOAT, factors + 12);
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
        int dot = nibbles
                ? CodeKernels.nibbleDot(ALL, at, scratch.query, 0, blocks)
                : CodeKernels.byteDot(ALL, at, scratch.query, 0, blocks);
        return distanceOf(at, dot);
    }

    private float distanceOf(long at, int dot) {
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
        if (nibbles) {
            CodeRowKernels.nibbleDots(ALL, at, n, scratch.query, 0, blocks, dots);
        } else {
            CodeRowKernels.byteDots(ALL, at, n, scratch.query, 0, blocks, dots);
        }
        for (int i = 0; i < n; i++) {
            out[first + i] = distanceOf(at[i], dots[i]);
        }
    }

    /** Half a step of the row and of the query at most, everywhere alike, for a row of the query's length and range. */
    @Override
    public float error() {
        return switch (codes.metric()) {
            case EUCLIDEAN -> weight * errorPerStep * step * (float) Math.sqrt(base);
            case COSINE -> errorPerStep * step;
            case DOT -> Float.POSITIVE_INFINITY;
        };
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
        int dot = nibbles
                ? CodeKernels.nibbleRowsDot(ALL, a, ALL, b, blocks)
                : CodeKernels.byteRowsDot(ALL, a, ALL, b, blocks);
        long aAt = a + blocks;
        long bAt = b + blocks;
        float product = ALL.get(CodeRows.FLOAT, aAt + 4) * sumOfQuery(bAt)
                + ALL.get(CodeRows.FLOAT, aAt + 12) * lowOfQuery(bAt)
                + ALL.get(CodeRows.FLOAT, aAt + 8) * stepOfQuery(bAt) * dot;
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

    @Override
    public int walkerRows() {
        return walker == null ? 0 : walker.rowCount();
    }

    /** Keeps the compiler from leaving out the reads that only warm the cache. */
    long touched() {
        return touched;
    }
}
