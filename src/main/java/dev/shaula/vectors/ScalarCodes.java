package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Metric;
import dev.shaula.simd.CodeKernels;
import dev.shaula.simd.EncodingKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/**
 * Eight or four bits a dimension with a scale and an offset of each vector's own (after LVQ, VLDB 2023): {@code x ~ low +
 * step c}, {@code c} in 0 to 255 or 15. No training, and so nothing that ages. A row is {@code d} codes, zeros up to a
 * multiple of 64 bytes, then four float32: the part of the distance that depends on the row alone, low, step, and step
 * times the sum of the codes. For the cosine, rows are brought to length 1 first.
 */
final class ScalarCodes implements Codes {
    private static final int FACTORS = 16;

    private final Metric metric;
    private final int dimensions;
    private final boolean nibbles;
    private final int codesPadded;
    private final int blocks;
    private final CodeRows codes;
    private int count;

    private ScalarCodes(Metric metric, int dimensions, boolean nibbles, CodeRows codes) {
        this.metric = metric;
        this.dimensions = dimensions;
        this.nibbles = nibbles;
        this.blocks = blocks(dimensions, nibbles);
        this.codesPadded = nibbles ? 2 * blocks : blocks;
        this.codes = codes;
    }

    static ScalarCodes ofEightBits(Metric metric, int dimensions) {
        return new ScalarCodes(metric, dimensions, false, new CodeRows(blocks(dimensions, false) + FACTORS));
    }

    static ScalarCodes ofFourBits(Metric metric, int dimensions) {
        return new ScalarCodes(metric, dimensions, true, new CodeRows(blocks(dimensions, true) + FACTORS));
    }

    private static int blocks(int dimensions, boolean nibbles) {
        return nibbles ? CodeKernels.nibbleBlocks(dimensions) : CodeKernels.byteBlocks(dimensions);
    }

    ScalarCodes view() {
        ScalarCodes view = new ScalarCodes(metric, dimensions, nibbles, codes.view());
        view.count = count;
        return view;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public void reach(int end) {
        codes.reach(end);
        count = end;
    }

    @Override
    public void encode(FloatRows.View rows, int ordinal, CodeScratch scratch) {
        float[] v = scratch.floats;
        rows.copyScaled(ordinal, metric, v);
        float base = base(v);
        int most = nibbles ? 15 : 255;
        float low = lowest(v);
        float step = (EncodingKernels.max(v, codesPadded) - low) / most;
        int sum = quantise(v, low, step, most, scratch.bytes);
        try {
            write(codes.address(ordinal), scratch.bytes, base, low, step, step * sum);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private void write(long at, byte[] c, float base, float low, float step, float stepSum) {
        if (nibbles) {
            CodeKernels.packNibbles(c, blocks, NativeMemory.ALL, at);
        } else {
            MemorySegment.copy(c, 0, NativeMemory.ALL, ValueLayout.JAVA_BYTE, at, blocks);
        }
        NativeMemory.ALL.set(CodeRows.FLOAT, at + blocks, base);
        NativeMemory.ALL.set(CodeRows.FLOAT, at + blocks + 4, low);
        NativeMemory.ALL.set(CodeRows.FLOAT, at + blocks + 8, step);
        NativeMemory.ALL.set(CodeRows.FLOAT, at + blocks + 12, stepSum);
    }

    /** The least element; what pads the vector becomes the first one, so that it does not widen the range. */
    float lowest(float[] v) {
        for (int i = dimensions; i < codesPadded; i++) {
            v[i] = v[0];
        }
        return EncodingKernels.min(v, codesPadded);
    }

    /** Writes codes of 0 to {@code most}, zeros behind the vector, and returns their sum. */
    int quantise(float[] v, float low, float step, int most, byte[] c) {
        int sum = EncodingKernels.quantise(v, codesPadded, low, step == 0 ? 0 : 1 / step, most, c);
        for (int i = dimensions; i < codesPadded; i++) {
            sum -= Byte.toUnsignedInt(c[i]);
            c[i] = 0;
        }
        return sum;
    }

    /** What a vector alone adds to a distance; zeros behind it. */
    float base(float[] v) {
        return metric == Metric.EUCLIDEAN ? EncodingKernels.dot(v, v, codesPadded) : 0;
    }

    /** True for four bits, false for eight. */
    boolean nibbles() {
        return nibbles;
    }

    /** Codes of a row with those that pad it. */
    int codesPadded() {
        return codesPadded;
    }

    Metric metric() {
        return metric;
    }

    int dimensions() {
        return dimensions;
    }

    /** Bytes of a row's codes, whole blocks; its factors follow. */
    int blocks() {
        return blocks;
    }

    CodeRows rows() {
        return codes;
    }

    void discard() {
        codes.discard();
    }

    long memoryBytes() {
        return codes.memoryBytes();
    }
}
