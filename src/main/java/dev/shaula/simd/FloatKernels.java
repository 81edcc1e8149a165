package dev.shaula.simd;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Distances of little-endian float32 rows in native memory, on the widest vectors of the machine.
 *
 * <p>Four accumulators, since an addition takes four cycles and two loads a cycle feed them: a 1,536-d dot product
 * reads 12 KiB, issues 192 loads and 96 fused multiply-adds at 512 bits, and took 36 ns from L1 (27 ns in C++ with
 * memory operands). All are pure and thread-safe; neither row is read outside {@code [offset, offset + 4 n)}.
 *
 * <p>The kernels are written out, without helpers that take or give vectors, so that each has more than 325 bytes of
 * bytecode ({@code FreqInlineSize}) and C2 never inlines it into a caller. Inlined, it can reach C2's limit on nodes half
 * way, and every vector that crosses from there on is an object: 4,896 bytes and microseconds for a squared distance of
 * 784 floats that takes 50 to 100 ns otherwise. The price is a call for each distance. A helper, even one of 12 bytes,
 * may also be left out because it was compiled on its own before ("already compiled into a medium method").
 *
 * <p>Lanes are summed by rotating and adding, always in the same order. {@code reduceLanes} leaves the order open:
 * compiled code took another than interpreted code, and so the last bit of a distance depended on how warm the JVM was.
 * The widest vectors that exist have 64 lanes; the conditions are constants.
 *
 * @see ScalarKernels the same sums, one element at a time
 */
public final class FloatKernels {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final long BYTES = 4L * LANES;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    private static final VectorShuffle<Float> ROTATE_1 = rotation(1);
    private static final VectorShuffle<Float> ROTATE_2 = rotation(2);
    private static final VectorShuffle<Float> ROTATE_4 = rotation(4);
    private static final VectorShuffle<Float> ROTATE_8 = rotation(8);
    private static final VectorShuffle<Float> ROTATE_16 = rotation(16);
    private static final VectorShuffle<Float> ROTATE_32 = rotation(32);

    /** Rows padded with zeros to a multiple of this many floats need no scalar tail on any machine. */
    public static final int ROW_MULTIPLE = 16;

    private FloatKernels() {}

    /** Lanes of the vectors in use, for reports. */
    public static int lanes() {
        return LANES;
    }

    /**
     * {@code sum a[i] * b[i]}.
     *
     * @param aOffset, bOffset bytes from the start of the segments
     * @param n number of floats, at least 0; best a multiple of {@link #ROW_MULTIPLE}
     */
    public static float dot(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        int i = 0;
        long at = 0;
        for (; i <= n - 4 * LANES; i += 4 * LANES, at += 4 * BYTES) {
            s0 = FloatVector.fromMemorySegment(SPECIES, a, aOffset + at, LE)
                    .fma(FloatVector.fromMemorySegment(SPECIES, b, bOffset + at, LE), s0);
            s1 = FloatVector.fromMemorySegment(SPECIES, a, aOffset + at + BYTES, LE)
                    .fma(FloatVector.fromMemorySegment(SPECIES, b, bOffset + at + BYTES, LE), s1);
            s2 = FloatVector.fromMemorySegment(SPECIES, a, aOffset + at + 2 * BYTES, LE)
                    .fma(FloatVector.fromMemorySegment(SPECIES, b, bOffset + at + 2 * BYTES, LE), s2);
            s3 = FloatVector.fromMemorySegment(SPECIES, a, aOffset + at + 3 * BYTES, LE)
                    .fma(FloatVector.fromMemorySegment(SPECIES, b, bOffset + at + 3 * BYTES, LE), s3);
        }
        for (; i <= n - LANES; i += LANES, at += BYTES) {
            s0 = FloatVector.fromMemorySegment(SPECIES, a, aOffset + at, LE)
                    .fma(FloatVector.fromMemorySegment(SPECIES, b, bOffset + at, LE), s0);
        }
        FloatVector v = s0.add(s1).add(s2.add(s3));
        v = LANES > 32 ? v.add(v.rearrange(ROTATE_32)) : v;
        v = LANES > 16 ? v.add(v.rearrange(ROTATE_16)) : v;
        v = LANES > 8 ? v.add(v.rearrange(ROTATE_8)) : v;
        v = LANES > 4 ? v.add(v.rearrange(ROTATE_4)) : v;
        v = LANES > 2 ? v.add(v.rearrange(ROTATE_2)) : v;
        v = LANES > 1 ? v.add(v.rearrange(ROTATE_1)) : v;
        float sum = v.lane(0);
        return i == n ? sum : sum + ScalarKernels.dot(a, aOffset + at, b, bOffset + at, n - i);
    }

    /** {@code sum (a[i] - b[i])^2}; parameters as {@link #dot}. */
    public static float squaredEuclidean(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
        FloatVector s0 = FloatVector.zero(SPECIES);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        FloatVector d;
        int i = 0;
        long at = 0;
        for (; i <= n - 4 * LANES; i += 4 * LANES, at += 4 * BYTES) {
            d = FloatVector.fromMemorySegment(SPECIES, a, aOffset + at, LE)
                    .sub(FloatVector.fromMemorySegment(SPECIES, b, bOffset + at, LE));
            s0 = d.fma(d, s0);
            d = FloatVector.fromMemorySegment(SPECIES, a, aOffset + at + BYTES, LE)
                    .sub(FloatVector.fromMemorySegment(SPECIES, b, bOffset + at + BYTES, LE));
            s1 = d.fma(d, s1);
            d = FloatVector.fromMemorySegment(SPECIES, a, aOffset + at + 2 * BYTES, LE)
                    .sub(FloatVector.fromMemorySegment(SPECIES, b, bOffset + at + 2 * BYTES, LE));
            s2 = d.fma(d, s2);
            d = FloatVector.fromMemorySegment(SPECIES, a, aOffset + at + 3 * BYTES, LE)
                    .sub(FloatVector.fromMemorySegment(SPECIES, b, bOffset + at + 3 * BYTES, LE));
            s3 = d.fma(d, s3);
        }
        for (; i <= n - LANES; i += LANES, at += BYTES) {
            d = FloatVector.fromMemorySegment(SPECIES, a, aOffset + at, LE)
                    .sub(FloatVector.fromMemorySegment(SPECIES, b, bOffset + at, LE));
            s0 = d.fma(d, s0);
        }
        FloatVector v = s0.add(s1).add(s2.add(s3));
        v = LANES > 32 ? v.add(v.rearrange(ROTATE_32)) : v;
        v = LANES > 16 ? v.add(v.rearrange(ROTATE_16)) : v;
        v = LANES > 8 ? v.add(v.rearrange(ROTATE_8)) : v;
        v = LANES > 4 ? v.add(v.rearrange(ROTATE_4)) : v;
        v = LANES > 2 ? v.add(v.rearrange(ROTATE_2)) : v;
        v = LANES > 1 ? v.add(v.rearrange(ROTATE_1)) : v;
        float sum = v.lane(0);
        return i == n ? sum : sum + ScalarKernels.squaredEuclidean(a, aOffset + at, b, bOffset + at, n - i);
    }

    private static VectorShuffle<Float> rotation(int lanes) {
        return VectorShuffle.iota(SPECIES, lanes % LANES, 1, true);
    }
}
