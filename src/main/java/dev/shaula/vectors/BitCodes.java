package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Metric;
import dev.shaula.simd.EncodingKernels;
import java.lang.ref.Reference;

/**
 * One bit a dimension (RaBitQ, SIGMOD 2024): the signs of the rotated difference from a centre. With {@code r} the
 * rotated difference of a row, {@code u} its signs as +-1 and {@code q} that of the query, {@code <r, q>} is estimated by
 * {@code |r|^2 / |r|_1 <u, q>}, without bias and with an error that shrinks with the root of the dimension. A row is the
 * bits and three float32: the part of the distance that depends on the row alone, {@code |r|^2 / |r|_1}, and the number
 * of bits set.
 *
 * <p>The centre is the mean of the first rows; {@link CodedRows} makes codes around a new one when there are more.
 */
final class BitCodes implements Codes {
    private static final int FACTORS = 12;

    private final Metric metric;
    private final Rotation rotation;
    /** The centre, rotated. */
    private final float[] centre;

    private final float centreSquared;
    private final CodeRows codes;
    private final int bitBytes;

    private int count;

    /** @param centre in the space of the rows, not rotated; for the cosine a mean of rows of length 1 */
    BitCodes(Metric metric, Rotation rotation, float[] centre) {
        this.metric = metric;
        this.rotation = rotation;
        this.centre = centre;
        rotation.apply(centre);
        this.centreSquared = EncodingKernels.dot(centre, centre, centre.length);
        this.bitBytes = rotation.dimensions() / 8;
        this.codes = new CodeRows(bitBytes + FACTORS);
    }

    private BitCodes(BitCodes other) {
        this.metric = other.metric;
        this.rotation = other.rotation;
        this.centre = other.centre;
        this.centreSquared = other.centreSquared;
        this.bitBytes = other.bitBytes;
        this.codes = other.codes.view();
        this.count = other.count;
    }

    BitCodes view() {
        return new BitCodes(this);
    }

    @Override
    public void reach(int end) {
        codes.reach(end);
        count = end;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public void encode(FloatRows.View rows, int ordinal, CodeScratch scratch) {
        float[] r = scratch.rotated;
        float scale = rows.copyScaled(ordinal, metric, r);
        centred(r);
        int n = r.length;
        float squared = EncodingKernels.dot(r, r, n);
        float absolute = EncodingKernels.absoluteSum(r, n);
        EncodingKernels.signBits(r, n, scratch.planes);
        float base = switch (metric) {
            case EUCLIDEAN -> squared;
            case COSINE -> 0.5f * squared + zero(scale);
            case DOT -> -EncodingKernels.dot(r, centre, n);
        };
        try {
            write(codes.address(ordinal), scratch.planes, n / 64, base, absolute == 0 ? 0 : squared / absolute);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private void write(long at, long[] signs, int words, float base, float factor) {
        int set = 0;
        for (int word = 0; word < words; word++) {
            NativeMemory.ALL.set(CodeRows.LONG, at + 8L * word, signs[word]);
            set += Long.bitCount(signs[word]);
        }
        NativeMemory.ALL.set(CodeRows.FLOAT, at + bitBytes, base);
        NativeMemory.ALL.set(CodeRows.FLOAT, at + bitBytes + 4, factor);
        NativeMemory.ALL.set(CodeRows.FLOAT, at + bitBytes + 8, set);
    }

    /** Makes {@code v}, scaled as rows are, its rotated difference from the centre. */
    void centred(float[] v) {
        rotation.apply(v);
        for (int i = 0; i < v.length; i++) {
            v[i] -= centre[i];
        }
    }

    /** Half of {@code |x - q|^2} is {@code 1 - <x, q>} for two vectors of length 1, and this much less if one is zero. */
    private static float zero(float scale) {
        return scale == 0 ? 0.5f : 0;
    }

    /** What a query alone adds to a distance; {@code r} is its rotated difference from the centre. */
    float queryBase(float[] r, float scale) {
        return switch (metric) {
            case EUCLIDEAN -> EncodingKernels.dot(r, r, r.length);
            case COSINE -> 0.5f * EncodingKernels.dot(r, r, r.length) + zero(scale);
            case DOT -> -EncodingKernels.dot(r, centre, r.length) - centreSquared;
        };
    }

    Metric metric() {
        return metric;
    }

    int bitBytes() {
        return bitBytes;
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
