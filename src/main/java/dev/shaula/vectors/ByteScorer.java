package dev.shaula.vectors;

import dev.shaula.model.Metric;
import dev.shaula.simd.CodeKernels;
import dev.shaula.simd.EncodingKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Approximate distances on 8-bit codes. With {@code x = a + s c} and the query {@code q = b + t k} of 7 bits, {@code
 * <x, q> = a sum(q) + s sum(c) b + s t <c, k>}, so that a distance costs one integer dot product and the row's factors.
 */
final class ByteScorer implements Scorer {
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
        MemorySegment chunk = rows.chunk(ordinal);
        long at = rows.offset(ordinal);
        long factors = at + blocks;
        float rowStep = chunk.get(CodeRows.FLOAT, factors + 8);
        byte[] k = scratch.bytes;
        MemorySegment.copy(chunk, ValueLayout.JAVA_BYTE, at, k, 0, blocks);
        for (int i = 0; i < blocks; i++) {
            k[i] = (byte) (Byte.toUnsignedInt(k[i]) >>> 1);
        }
        CodeKernels.packByteQuery(k, blocks, scratch.query, 0);
        base = one + chunk.get(CodeRows.FLOAT, factors);
        setRowFactors(chunk.get(CodeRows.FLOAT, factors + 4), rowStep, chunk.get(CodeRows.FLOAT, factors + 12));
    }

    /** The query is a row whose codes lost their last bit: half a step is what that bit is worth on average. */
    private void setRowFactors(float rowLow, float rowStep, float stepSum) {
        low = rowLow + 0.5f * rowStep;
        step = 2 * rowStep;
        sum = codes.dimensions() * rowLow + stepSum;
    }

    @Override
    public float distance(int ordinal) {
        MemorySegment chunk = rows.chunk(ordinal);
        long at = rows.offset(ordinal);
        int dot = CodeKernels.byteDot(chunk, at, scratch.query, 0, blocks);
        long factors = at + blocks;
        float s = chunk.get(CodeRows.FLOAT, factors + 8);
        float product = chunk.get(CodeRows.FLOAT, factors + 4) * sum
                + chunk.get(CodeRows.FLOAT, factors + 12) * low
                + s * step * dot;
        return base + chunk.get(CodeRows.FLOAT, factors) - weight * product;
    }

    @Override
    public void distances(int[] ordinals, int n, float[] out) {
        touched += rows.touch(ordinals, n);
        for (int i = 0; i < n; i++) {
            out[i] = distance(ordinals[i]);
        }
    }

    @Override
    public float between(int a, int b) {
        MemorySegment aChunk = rows.chunk(a);
        MemorySegment bChunk = rows.chunk(b);
        long aAt = rows.offset(a);
        long bAt = rows.offset(b);
        int dot = CodeKernels.byteRowsDot(aChunk, aAt, bChunk, bAt, blocks);
        aAt += blocks;
        bAt += blocks;
        float aLow = aChunk.get(CodeRows.FLOAT, aAt + 4);
        float bLow = bChunk.get(CodeRows.FLOAT, bAt + 4);
        float bStep = bChunk.get(CodeRows.FLOAT, bAt + 8);
        float bSum = codes.dimensions() * bLow + bChunk.get(CodeRows.FLOAT, bAt + 12);
        float product = aLow * bSum
                + aChunk.get(CodeRows.FLOAT, aAt + 12) * (bLow + 0.5f * bStep)
                + aChunk.get(CodeRows.FLOAT, aAt + 8) * 2 * bStep * dot;
        return one + aChunk.get(CodeRows.FLOAT, aAt) + bChunk.get(CodeRows.FLOAT, bAt) - weight * product;
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
