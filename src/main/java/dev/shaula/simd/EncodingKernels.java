package dev.shaula.simd;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * What prepares vectors for codes: fast Walsh-Hadamard transforms and reductions to few bits, on heap arrays. All are
 * pure but for the array they are given, and give the same bits compiled and interpreted; vector widths may differ in
 * the last bit of sums.
 */
public final class EncodingKernels {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = FLOATS.length();

    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, 8 * LANES)));

    private static final VectorShuffle<Float> PARTNER_1 = partner(1);
    private static final VectorShuffle<Float> PARTNER_2 = partner(2);
    private static final VectorShuffle<Float> PARTNER_4 = partner(4);
    private static final VectorShuffle<Float> PARTNER_8 = partner(8);
    private static final VectorShuffle<Float> PARTNER_16 = partner(16);
    private static final VectorShuffle<Float> PARTNER_32 = partner(32);
    private static final FloatVector SIGNS_1 = signs(1);
    private static final FloatVector SIGNS_2 = signs(2);
    private static final FloatVector SIGNS_4 = signs(4);
    private static final FloatVector SIGNS_8 = signs(8);
    private static final FloatVector SIGNS_16 = signs(16);
    private static final FloatVector SIGNS_32 = signs(32);

    private static final VectorShuffle<Float> ROTATE_1 = rotation(1);
    private static final VectorShuffle<Float> ROTATE_2 = rotation(2);
    private static final VectorShuffle<Float> ROTATE_4 = rotation(4);
    private static final VectorShuffle<Float> ROTATE_8 = rotation(8);
    private static final VectorShuffle<Float> ROTATE_16 = rotation(16);
    private static final VectorShuffle<Float> ROTATE_32 = rotation(32);

    private static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;
    private static final VectorShuffle<Double> HALVES_1 = halves(1);
    private static final VectorShuffle<Double> HALVES_2 = halves(2);
    private static final VectorShuffle<Double> HALVES_4 = halves(4);
    private static final VectorShuffle<Double> HALVES_8 = halves(8);
    private static final VectorShuffle<Double> HALVES_16 = halves(16);

    private EncodingKernels() {}

    /**
     * Multiplies {@code n} elements by factors, then makes them their Walsh-Hadamard transform, not scaled: {@code log2 n}
     * passes of sums and differences. As many passes go over the array at once as leave room in the registers: what a
     * transform of 1,024 takes are its stores.
     *
     * @param n a power of two, at least 64
     */
    public static void hadamard(float[] v, int from, float[] factors, int n) {
        withinVectors(v, from, factors, n);
        int h = LANES;
        for (; 8 * h <= n; h *= 8) {
            threePasses(v, from, n, h);
        }
        if (4 * h <= n) {
            twoPasses(v, from, n, h);
        } else if (2 * h <= n) {
            onePass(v, from, h);
        }
    }

    /** The passes whose partners lie in one vector: partner plus or minus itself. */
    private static void withinVectors(float[] v, int from, float[] factors, int n) {
        for (int i = 0; i < n; i += LANES) {
            FloatVector x = FloatVector.fromArray(FLOATS, v, from + i).mul(FloatVector.fromArray(FLOATS, factors, i));
            x = LANES > 1 ? x.fma(SIGNS_1, x.rearrange(PARTNER_1)) : x;
            x = LANES > 2 ? x.fma(SIGNS_2, x.rearrange(PARTNER_2)) : x;
            x = LANES > 4 ? x.fma(SIGNS_4, x.rearrange(PARTNER_4)) : x;
            x = LANES > 8 ? x.fma(SIGNS_8, x.rearrange(PARTNER_8)) : x;
            x = LANES > 16 ? x.fma(SIGNS_16, x.rearrange(PARTNER_16)) : x;
            x = LANES > 32 ? x.fma(SIGNS_32, x.rearrange(PARTNER_32)) : x;
            x.intoArray(v, from + i);
        }
    }

    private static void threePasses(float[] v, int from, int n, int h) {
        for (int block = from; block < from + n; block += 8 * h) {
            for (int i = block; i < block + h; i += LANES) {
                FloatVector a = FloatVector.fromArray(FLOATS, v, i);
                FloatVector b = FloatVector.fromArray(FLOATS, v, i + h);
                FloatVector c = FloatVector.fromArray(FLOATS, v, i + 2 * h);
                FloatVector d = FloatVector.fromArray(FLOATS, v, i + 3 * h);
                FloatVector ab = a.add(b);
                FloatVector amb = a.sub(b);
                FloatVector cd = c.add(d);
                FloatVector cmd = c.sub(d);
                FloatVector p = ab.add(cd);
                FloatVector q = amb.add(cmd);
                FloatVector r = ab.sub(cd);
                FloatVector s = amb.sub(cmd);
                a = FloatVector.fromArray(FLOATS, v, i + 4 * h);
                b = FloatVector.fromArray(FLOATS, v, i + 5 * h);
                c = FloatVector.fromArray(FLOATS, v, i + 6 * h);
                d = FloatVector.fromArray(FLOATS, v, i + 7 * h);
                ab = a.add(b);
                amb = a.sub(b);
                cd = c.add(d);
                cmd = c.sub(d);
                a = ab.add(cd);
                b = amb.add(cmd);
                c = ab.sub(cd);
                d = amb.sub(cmd);
                p.add(a).intoArray(v, i);
                q.add(b).intoArray(v, i + h);
                r.add(c).intoArray(v, i + 2 * h);
                s.add(d).intoArray(v, i + 3 * h);
                p.sub(a).intoArray(v, i + 4 * h);
                q.sub(b).intoArray(v, i + 5 * h);
                r.sub(c).intoArray(v, i + 6 * h);
                s.sub(d).intoArray(v, i + 7 * h);
            }
        }
    }

    private static void twoPasses(float[] v, int from, int n, int h) {
        for (int block = from; block < from + n; block += 4 * h) {
            for (int i = block; i < block + h; i += LANES) {
                FloatVector a = FloatVector.fromArray(FLOATS, v, i);
                FloatVector b = FloatVector.fromArray(FLOATS, v, i + h);
                FloatVector c = FloatVector.fromArray(FLOATS, v, i + 2 * h);
                FloatVector d = FloatVector.fromArray(FLOATS, v, i + 3 * h);
                FloatVector ab = a.add(b);
                FloatVector amb = a.sub(b);
                FloatVector cd = c.add(d);
                FloatVector cmd = c.sub(d);
                ab.add(cd).intoArray(v, i);
                amb.add(cmd).intoArray(v, i + h);
                ab.sub(cd).intoArray(v, i + 2 * h);
                amb.sub(cmd).intoArray(v, i + 3 * h);
            }
        }
    }

    /** The last: of elements half of the array apart. */
    private static void onePass(float[] v, int from, int h) {
        for (int i = from; i < from + h; i += LANES) {
            FloatVector a = FloatVector.fromArray(FLOATS, v, i);
            FloatVector b = FloatVector.fromArray(FLOATS, v, i + h);
            a.add(b).intoArray(v, i);
            a.sub(b).intoArray(v, i + h);
        }
    }

    private static VectorShuffle<Float> partner(int h) {
        return VectorShuffle.fromOp(FLOATS, i -> (i ^ h) % LANES);
    }

    private static FloatVector signs(int h) {
        float[] signs = new float[LANES];
        for (int i = 0; i < LANES; i++) {
            signs[i] = (i & h) == 0 ? 1 : -1;
        }
        return FloatVector.fromArray(FLOATS, signs, 0);
    }

    /**
     * Writes the signs of {@code n} elements, bit {@code i % 64} of word {@code i / 64} set where element {@code i} is
     * not negative.
     *
     * @param n a multiple of 64
     */
    public static void signBits(float[] v, int n, long[] bits) {
        for (int word = 0; word < n / 64; word++) {
            long w = 0;
            for (int lane = 0; lane < 64; lane += LANES) {
                VectorMask<Float> set =
                        FloatVector.fromArray(FLOATS, v, 64 * word + lane).compare(VectorOperators.GE, 0f);
                w |= set.toLong() << lane;
            }
            bits[word] = w;
        }
    }

    /**
     * Reduces {@code n} elements to {@value CodeKernels#PLANES} bits, {@code round((v - low) * scale)} in 0 to 15, and
     * writes bit {@code b} of all to the words from {@code b * stride} on.
     *
     * @param n a multiple of 64
     */
    public static void bitPlanes(float[] v, int n, float low, float scale, long[] planes, int stride) {
        for (int word = 0; word < n / 64; word++) {
            long p0 = 0;
            long p1 = 0;
            long p2 = 0;
            long p3 = 0;
            for (int lane = 0; lane < 64; lane += LANES) {
                IntVector code = (IntVector) FloatVector.fromArray(FLOATS, v, 64 * word + lane)
                        .sub(low)
                        .mul(scale)
                        .add(0.5f)
                        .convertShape(VectorOperators.F2I, IntVector.SPECIES_PREFERRED, 0);
                code = code.max(0).min(15);
                p0 |= code.and(1).compare(VectorOperators.NE, 0).toLong() << lane;
                p1 |= code.and(2).compare(VectorOperators.NE, 0).toLong() << lane;
                p2 |= code.and(4).compare(VectorOperators.NE, 0).toLong() << lane;
                p3 |= code.and(8).compare(VectorOperators.NE, 0).toLong() << lane;
            }
            planes[word] = p0;
            planes[word + stride] = p1;
            planes[word + 2 * stride] = p2;
            planes[word + 3 * stride] = p3;
        }
    }

    /**
     * Reduces {@code n} elements to bytes, {@code round((v - low) * scale)} in 0 to {@code most}.
     *
     * @param n a multiple of 64
     * @param most at most 255
     * @return the sum of all codes
     */
    public static int quantise(float[] v, int n, float low, float scale, int most, byte[] codes) {
        IntVector sum = IntVector.zero(IntVector.SPECIES_PREFERRED);
        for (int i = 0; i < n; i += LANES) {
            IntVector code = (IntVector) FloatVector.fromArray(FLOATS, v, i)
                    .sub(low)
                    .mul(scale)
                    .add(0.5f)
                    .convertShape(VectorOperators.F2I, IntVector.SPECIES_PREFERRED, 0);
            code = code.max(0).min(most);
            sum = sum.add(code);
            ((ByteVector) code.convertShape(VectorOperators.I2B, BYTES, 0)).intoArray(codes, i);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /** The least of {@code n} elements, a multiple of 64. */
    public static float min(float[] v, int n) {
        FloatVector least = FloatVector.fromArray(FLOATS, v, 0);
        for (int i = LANES; i < n; i += LANES) {
            least = least.min(FloatVector.fromArray(FLOATS, v, i));
        }
        return least.reduceLanes(VectorOperators.MIN);
    }

    /** The greatest of {@code n} elements, a multiple of 64. */
    public static float max(float[] v, int n) {
        FloatVector greatest = FloatVector.fromArray(FLOATS, v, 0);
        for (int i = LANES; i < n; i += LANES) {
            greatest = greatest.max(FloatVector.fromArray(FLOATS, v, i));
        }
        return greatest.reduceLanes(VectorOperators.MAX);
    }

    /** {@code sum v[i]} of {@code n} elements, a multiple of 64. */
    public static float sum(float[] v, int n) {
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int i = 0; i < n; i += LANES) {
            sum = sum.add(FloatVector.fromArray(FLOATS, v, i));
        }
        return sumOfLanes(sum);
    }

    /** {@code sum |v[i]|} of {@code n} elements, a multiple of 64. */
    public static float absoluteSum(float[] v, int n) {
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int i = 0; i < n; i += LANES) {
            sum = sum.add(FloatVector.fromArray(FLOATS, v, i).abs());
        }
        return sumOfLanes(sum);
    }

    /** {@code sum a[i] b[i]} of {@code n} elements, a multiple of 64. */
    public static float dot(float[] a, float[] b, int n) {
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int i = 0; i < n; i += LANES) {
            sum = FloatVector.fromArray(FLOATS, a, i).fma(FloatVector.fromArray(FLOATS, b, i), sum);
        }
        return sumOfLanes(sum);
    }

    /** {@code sum v[i]^2} of all elements, as doubles. */
    public static double squares(float[] v) {
        DoubleVector s0 = DoubleVector.zero(DOUBLES);
        DoubleVector s1 = s0;
        int i = 0;
        for (; i <= v.length - LANES; i += LANES) {
            FloatVector x = FloatVector.fromArray(FLOATS, v, i);
            DoubleVector a = (DoubleVector) x.convertShape(VectorOperators.F2D, DOUBLES, 0);
            DoubleVector b = (DoubleVector) x.convertShape(VectorOperators.F2D, DOUBLES, 1);
            s0 = a.fma(a, s0);
            s1 = b.fma(b, s1);
        }
        double sum = sumOfLanes(s0.add(s1));
        for (; i < v.length; i++) {
            sum = Math.fma((double) v[i], v[i], sum);
        }
        return sum;
    }

    /** In the order of the lanes: {@code reduceLanes} would leave it open, see {@link FloatKernels}. */
    private static float sumOfLanes(FloatVector v) {
        v = LANES > 32 ? v.add(v.rearrange(ROTATE_32)) : v;
        v = LANES > 16 ? v.add(v.rearrange(ROTATE_16)) : v;
        v = LANES > 8 ? v.add(v.rearrange(ROTATE_8)) : v;
        v = LANES > 4 ? v.add(v.rearrange(ROTATE_4)) : v;
        v = LANES > 2 ? v.add(v.rearrange(ROTATE_2)) : v;
        v = LANES > 1 ? v.add(v.rearrange(ROTATE_1)) : v;
        return v.lane(0);
    }

    private static double sumOfLanes(DoubleVector v) {
        v = LANES > 32 ? v.add(v.rearrange(HALVES_16)) : v;
        v = LANES > 16 ? v.add(v.rearrange(HALVES_8)) : v;
        v = LANES > 8 ? v.add(v.rearrange(HALVES_4)) : v;
        v = LANES > 4 ? v.add(v.rearrange(HALVES_2)) : v;
        v = LANES > 2 ? v.add(v.rearrange(HALVES_1)) : v;
        return v.lane(0);
    }

    private static VectorShuffle<Float> rotation(int lanes) {
        return VectorShuffle.iota(FLOATS, lanes % LANES, 1, true);
    }

    private static VectorShuffle<Double> halves(int lanes) {
        return VectorShuffle.iota(DOUBLES, lanes % DOUBLES.length(), 1, true);
    }
}
