package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Metric;
import dev.shaula.simd.CodeKernels;
import dev.shaula.simd.EncodingKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;

/**
 * Eight bits a dimension with a scale and an offset of each vector's own (after LVQ, VLDB 2023): {@code x ~ low + step
 * c}, {@code c} in 0 to 255. No training, and so nothing that ages. A row is {@code d} codes, zeros up to a multiple of
 * 64, then four float32: the part of the distance that depends on the row alone, low, step, and step times the sum of the
 * codes. For the cosine, rows are brought to length 1 first.
 */
final class ByteCodes implements Codes {
    private static final int FACTORS = 16;

    private final Metric metric;
    private final int dimensions;
    private final int blocks;
    private final CodeRows codes;
    private int count;

    ByteCodes(Metric metric, int dimensions) {
        this(metric, dimensions, new CodeRows(CodeKernels.byteBlocks(dimensions) + FACTORS));
    }

    private ByteCodes(Metric metric, int dimensions, CodeRows codes) {
        this.metric = metric;
        this.dimensions = dimensions;
        this.blocks = CodeKernels.byteBlocks(dimensions);
        this.codes = codes;
    }

    ByteCodes view() {
        ByteCodes view = new ByteCodes(metric, dimensions, codes.view());
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
        float low = lowest(v, dimensions, blocks);
        float high = EncodingKernels.max(v, blocks);
        float step = (high - low) / 255;
        byte[] c = scratch.bytes;
        int sum = EncodingKernels.quantise(v, blocks, low, step == 0 ? 0 : 1 / step, 255, c);
        sum -= clearPadding(c, dimensions, blocks);
        try {
            write(codes.address(ordinal), c, base(metric, v, dimensions), low, step, step * sum);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private void write(long at, byte[] c, float base, float low, float step, float stepSum) {
        MemorySegment.copy(c, 0, NativeMemory.ALL, ValueLayout.JAVA_BYTE, at, blocks);
        NativeMemory.ALL.set(CodeRows.FLOAT, at + blocks, base);
        NativeMemory.ALL.set(CodeRows.FLOAT, at + blocks + 4, low);
        NativeMemory.ALL.set(CodeRows.FLOAT, at + blocks + 8, step);
        NativeMemory.ALL.set(CodeRows.FLOAT, at + blocks + 12, stepSum);
    }

    /** The least element; what pads the vector becomes the first one, so that it does not widen the range. */
    static float lowest(float[] v, int dimensions, int blocks) {
        for (int i = dimensions; i < blocks; i++) {
            v[i] = v[0];
        }
        return EncodingKernels.min(v, blocks);
    }

    /** Sets the codes behind the vector to zero and returns their sum. */
    static int clearPadding(byte[] codes, int dimensions, int blocks) {
        int sum = 0;
        for (int i = dimensions; i < blocks; i++) {
            sum += Byte.toUnsignedInt(codes[i]);
            codes[i] = 0;
        }
        return sum;
    }

    /** What a vector alone adds to a distance. */
    static float base(Metric metric, float[] v, int dimensions) {
        if (metric != Metric.EUCLIDEAN) {
            return 0;
        }
        float sum = 0;
        for (int i = 0; i < dimensions; i++) {
            sum = Math.fma(v[i], v[i], sum);
        }
        return sum;
    }

    Metric metric() {
        return metric;
    }

    int dimensions() {
        return dimensions;
    }

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
