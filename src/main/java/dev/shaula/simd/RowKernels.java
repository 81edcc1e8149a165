package dev.shaula.simd;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Distances of float32 rows that follow each other in native memory, bit for bit those of {@link FloatKernels}: the same
 * four sums, added up in the same order.
 *
 * <p>One row at a time reads memory at half of its speed: the loop over a row ends, and what C2 puts before and behind its
 * unrolled middle ends with it, before the reads of the next row are begun. Here one loop runs over the steps of all rows,
 * and the end of a row is a branch in it, so that reads go on: 18 to 25 GB/s where {@link FloatKernels#dot} row by row
 * reached 11 to 14 and a plain sum 23 to 28 (1,536 and 784 dimensions, busy machine). What was tried besides: a kernel of
 * two rows at a time was no faster than row by row, reading ahead explicitly by 1 to 4 KiB gave 16 to 18.
 *
 * <p>The kernels of two queries measure two rows at a time: 16 loads feed 16 multiplications, where a single distance takes
 * 8 loads for 4, and rows are read from the nearest cache for all pairs of queries but the first.
 *
 * <p>All are pure and thread-safe, and written out for the reason that {@link FloatKernels} gives. No row is read outside
 * its {@code 4 n} bytes.
 */
public final class RowKernels {
    private static final VectorSpecies<Float> SPECIES =
            FloatVector.SPECIES_PREFERRED.length() > FloatKernels.ROW_MULTIPLE
                    ? FloatVector.SPECIES_512
                    : FloatVector.SPECIES_PREFERRED;

    private static final int LANES = SPECIES.length();
    private static final long BYTES = 4L * LANES;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    private static final VectorShuffle<Float> ROTATE_1 = rotation(1);
    private static final VectorShuffle<Float> ROTATE_2 = rotation(2);
    private static final VectorShuffle<Float> ROTATE_4 = rotation(4);
    private static final VectorShuffle<Float> ROTATE_8 = rotation(8);

    private RowKernels() {}

    /**
     * {@code sum query[i] * row[i]} for each of {@code count} rows.
     *
     * @param queryAt, rowsAt bytes from the start of the segments
     * @param stride bytes from row to row
     * @param n number of floats of a row, a positive multiple of {@link FloatKernels#ROW_MULTIPLE}
     * @param out takes the results from {@code outAt} on
     */
    public static void dot(
            MemorySegment query,
            long queryAt,
            MemorySegment rows,
            long rowsAt,
            long stride,
            int count,
            int n,
            float[] out,
            int outAt) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector s0 = zero;
        FloatVector s1 = zero;
        FloatVector s2 = zero;
        FloatVector s3 = zero;
        long end = 4L * n;
        long whole = end / (4 * BYTES) * (4 * BYTES);
        long steps = Math.max(1, whole / (4 * BYTES)) * count;
        long at = 0;
        long row = rowsAt;
        int o = outAt;
        for (long i = 0; i < steps; i++) {
            if (at < whole) {
                s0 = FloatVector.fromMemorySegment(SPECIES, query, queryAt + at, LE)
                        .fma(FloatVector.fromMemorySegment(SPECIES, rows, row + at, LE), s0);
                s1 = FloatVector.fromMemorySegment(SPECIES, query, queryAt + at + BYTES, LE)
                        .fma(FloatVector.fromMemorySegment(SPECIES, rows, row + at + BYTES, LE), s1);
                s2 = FloatVector.fromMemorySegment(SPECIES, query, queryAt + at + 2 * BYTES, LE)
                        .fma(FloatVector.fromMemorySegment(SPECIES, rows, row + at + 2 * BYTES, LE), s2);
                s3 = FloatVector.fromMemorySegment(SPECIES, query, queryAt + at + 3 * BYTES, LE)
                        .fma(FloatVector.fromMemorySegment(SPECIES, rows, row + at + 3 * BYTES, LE), s3);
                at += 4 * BYTES;
            }
            if (at >= whole) {
                for (; at < end; at += BYTES) {
                    s0 = FloatVector.fromMemorySegment(SPECIES, query, queryAt + at, LE)
                            .fma(FloatVector.fromMemorySegment(SPECIES, rows, row + at, LE), s0);
                }
                FloatVector v = s0.add(s1).add(s2.add(s3));
                v = LANES > 8 ? v.add(v.rearrange(ROTATE_8)) : v;
                v = LANES > 4 ? v.add(v.rearrange(ROTATE_4)) : v;
                v = LANES > 2 ? v.add(v.rearrange(ROTATE_2)) : v;
                v = LANES > 1 ? v.add(v.rearrange(ROTATE_1)) : v;
                out[o++] = v.lane(0);
                s0 = zero;
                s1 = zero;
                s2 = zero;
                s3 = zero;
                at = 0;
                row += stride;
            }
        }
    }

    /** {@code sum (query[i] - row[i])^2} for each of {@code count} rows; parameters as {@link #dot}. */
    public static void squaredEuclidean(
            MemorySegment query,
            long queryAt,
            MemorySegment rows,
            long rowsAt,
            long stride,
            int count,
            int n,
            float[] out,
            int outAt) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector s0 = zero;
        FloatVector s1 = zero;
        FloatVector s2 = zero;
        FloatVector s3 = zero;
        FloatVector d;
        long end = 4L * n;
        long whole = end / (4 * BYTES) * (4 * BYTES);
        long steps = Math.max(1, whole / (4 * BYTES)) * count;
        long at = 0;
        long row = rowsAt;
        int o = outAt;
        for (long i = 0; i < steps; i++) {
            if (at < whole) {
                d = FloatVector.fromMemorySegment(SPECIES, query, queryAt + at, LE)
                        .sub(FloatVector.fromMemorySegment(SPECIES, rows, row + at, LE));
                s0 = d.fma(d, s0);
                d = FloatVector.fromMemorySegment(SPECIES, query, queryAt + at + BYTES, LE)
                        .sub(FloatVector.fromMemorySegment(SPECIES, rows, row + at + BYTES, LE));
                s1 = d.fma(d, s1);
                d = FloatVector.fromMemorySegment(SPECIES, query, queryAt + at + 2 * BYTES, LE)
                        .sub(FloatVector.fromMemorySegment(SPECIES, rows, row + at + 2 * BYTES, LE));
                s2 = d.fma(d, s2);
                d = FloatVector.fromMemorySegment(SPECIES, query, queryAt + at + 3 * BYTES, LE)
                        .sub(FloatVector.fromMemorySegment(SPECIES, rows, row + at + 3 * BYTES, LE));
                s3 = d.fma(d, s3);
                at += 4 * BYTES;
            }
            if (at >= whole) {
                for (; at < end; at += BYTES) {
                    d = FloatVector.fromMemorySegment(SPECIES, query, queryAt + at, LE)
                            .sub(FloatVector.fromMemorySegment(SPECIES, rows, row + at, LE));
                    s0 = d.fma(d, s0);
                }
                FloatVector v = s0.add(s1).add(s2.add(s3));
                v = LANES > 8 ? v.add(v.rearrange(ROTATE_8)) : v;
                v = LANES > 4 ? v.add(v.rearrange(ROTATE_4)) : v;
                v = LANES > 2 ? v.add(v.rearrange(ROTATE_2)) : v;
                v = LANES > 1 ? v.add(v.rearrange(ROTATE_1)) : v;
                out[o++] = v.lane(0);
                s0 = zero;
                s1 = zero;
                s2 = zero;
                s3 = zero;
                at = 0;
                row += stride;
            }
        }
    }

    /**
     * {@link #dot} of two queries and the same rows.
     *
     * @param queryAt, otherAt bytes from the start of {@code queries}
     * @param outAt, otherOutAt from where on {@code out} takes the results of each
     */
    public static void dotPair(
            MemorySegment queries,
            long queryAt,
            long otherAt,
            MemorySegment rows,
            long rowsAt,
            long stride,
            int count,
            int n,
            float[] out,
            int outAt,
            int otherOutAt) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector s0 = zero;
        FloatVector s1 = zero;
        FloatVector s2 = zero;
        FloatVector s3 = zero;
        FloatVector t0 = zero;
        FloatVector t1 = zero;
        FloatVector t2 = zero;
        FloatVector t3 = zero;
        FloatVector u0 = zero;
        FloatVector u1 = zero;
        FloatVector u2 = zero;
        FloatVector u3 = zero;
        FloatVector v0 = zero;
        FloatVector v1 = zero;
        FloatVector v2 = zero;
        FloatVector v3 = zero;
        FloatVector a;
        FloatVector b;
        FloatVector q;
        FloatVector p;
        long end = 4L * n;
        long whole = end / (4 * BYTES) * (4 * BYTES);
        long steps = Math.max(1, whole / (4 * BYTES)) * (count / 2);
        long at = 0;
        long row = rowsAt;
        long next = rowsAt + stride;
        int o = 0;
        for (long i = 0; i < steps; i++) {
            if (at < whole) {
                a = FloatVector.fromMemorySegment(SPECIES, rows, row + at, LE);
                b = FloatVector.fromMemorySegment(SPECIES, rows, next + at, LE);
                q = FloatVector.fromMemorySegment(SPECIES, queries, queryAt + at, LE);
                p = FloatVector.fromMemorySegment(SPECIES, queries, otherAt + at, LE);
                s0 = q.fma(a, s0);
                t0 = q.fma(b, t0);
                u0 = p.fma(a, u0);
                v0 = p.fma(b, v0);
                a = FloatVector.fromMemorySegment(SPECIES, rows, row + at + BYTES, LE);
                b = FloatVector.fromMemorySegment(SPECIES, rows, next + at + BYTES, LE);
                q = FloatVector.fromMemorySegment(SPECIES, queries, queryAt + at + BYTES, LE);
                p = FloatVector.fromMemorySegment(SPECIES, queries, otherAt + at + BYTES, LE);
                s1 = q.fma(a, s1);
                t1 = q.fma(b, t1);
                u1 = p.fma(a, u1);
                v1 = p.fma(b, v1);
                a = FloatVector.fromMemorySegment(SPECIES, rows, row + at + 2 * BYTES, LE);
                b = FloatVector.fromMemorySegment(SPECIES, rows, next + at + 2 * BYTES, LE);
                q = FloatVector.fromMemorySegment(SPECIES, queries, queryAt + at + 2 * BYTES, LE);
                p = FloatVector.fromMemorySegment(SPECIES, queries, otherAt + at + 2 * BYTES, LE);
                s2 = q.fma(a, s2);
                t2 = q.fma(b, t2);
                u2 = p.fma(a, u2);
                v2 = p.fma(b, v2);
                a = FloatVector.fromMemorySegment(SPECIES, rows, row + at + 3 * BYTES, LE);
                b = FloatVector.fromMemorySegment(SPECIES, rows, next + at + 3 * BYTES, LE);
                q = FloatVector.fromMemorySegment(SPECIES, queries, queryAt + at + 3 * BYTES, LE);
                p = FloatVector.fromMemorySegment(SPECIES, queries, otherAt + at + 3 * BYTES, LE);
                s3 = q.fma(a, s3);
                t3 = q.fma(b, t3);
                u3 = p.fma(a, u3);
                v3 = p.fma(b, v3);
                at += 4 * BYTES;
            }
            if (at >= whole) {
                for (; at < end; at += BYTES) {
                    a = FloatVector.fromMemorySegment(SPECIES, rows, row + at, LE);
                    b = FloatVector.fromMemorySegment(SPECIES, rows, next + at, LE);
                    q = FloatVector.fromMemorySegment(SPECIES, queries, queryAt + at, LE);
                    p = FloatVector.fromMemorySegment(SPECIES, queries, otherAt + at, LE);
                    s0 = q.fma(a, s0);
                    t0 = q.fma(b, t0);
                    u0 = p.fma(a, u0);
                    v0 = p.fma(b, v0);
                }
                a = s0.add(s1).add(s2.add(s3));
                b = t0.add(t1).add(t2.add(t3));
                q = u0.add(u1).add(u2.add(u3));
                p = v0.add(v1).add(v2.add(v3));
                a = LANES > 8 ? a.add(a.rearrange(ROTATE_8)) : a;
                b = LANES > 8 ? b.add(b.rearrange(ROTATE_8)) : b;
                q = LANES > 8 ? q.add(q.rearrange(ROTATE_8)) : q;
                p = LANES > 8 ? p.add(p.rearrange(ROTATE_8)) : p;
                a = LANES > 4 ? a.add(a.rearrange(ROTATE_4)) : a;
                b = LANES > 4 ? b.add(b.rearrange(ROTATE_4)) : b;
                q = LANES > 4 ? q.add(q.rearrange(ROTATE_4)) : q;
                p = LANES > 4 ? p.add(p.rearrange(ROTATE_4)) : p;
                a = LANES > 2 ? a.add(a.rearrange(ROTATE_2)) : a;
                b = LANES > 2 ? b.add(b.rearrange(ROTATE_2)) : b;
                q = LANES > 2 ? q.add(q.rearrange(ROTATE_2)) : q;
                p = LANES > 2 ? p.add(p.rearrange(ROTATE_2)) : p;
                a = LANES > 1 ? a.add(a.rearrange(ROTATE_1)) : a;
                b = LANES > 1 ? b.add(b.rearrange(ROTATE_1)) : b;
                q = LANES > 1 ? q.add(q.rearrange(ROTATE_1)) : q;
                p = LANES > 1 ? p.add(p.rearrange(ROTATE_1)) : p;
                out[outAt + o] = a.lane(0);
                out[outAt + o + 1] = b.lane(0);
                out[otherOutAt + o] = q.lane(0);
                out[otherOutAt + o + 1] = p.lane(0);
                o += 2;
                s0 = zero;
                s1 = zero;
                s2 = zero;
                s3 = zero;
                t0 = zero;
                t1 = zero;
                t2 = zero;
                t3 = zero;
                u0 = zero;
                u1 = zero;
                u2 = zero;
                u3 = zero;
                v0 = zero;
                v1 = zero;
                v2 = zero;
                v3 = zero;
                at = 0;
                row += 2 * stride;
                next += 2 * stride;
            }
        }
        if ((count & 1) != 0) {
            out[outAt + o] = FloatKernels.dot(queries, queryAt, rows, row, n);
            out[otherOutAt + o] = FloatKernels.dot(queries, otherAt, rows, row, n);
        }
    }

    /** {@link #squaredEuclidean} of two queries and the same rows; parameters as {@link #dotPair}. */
    public static void squaredEuclideanPair(
            MemorySegment queries,
            long queryAt,
            long otherAt,
            MemorySegment rows,
            long rowsAt,
            long stride,
            int count,
            int n,
            float[] out,
            int outAt,
            int otherOutAt) {
        FloatVector zero = FloatVector.zero(SPECIES);
        FloatVector s0 = zero;
        FloatVector s1 = zero;
        FloatVector s2 = zero;
        FloatVector s3 = zero;
        FloatVector t0 = zero;
        FloatVector t1 = zero;
        FloatVector t2 = zero;
        FloatVector t3 = zero;
        FloatVector u0 = zero;
        FloatVector u1 = zero;
        FloatVector u2 = zero;
        FloatVector u3 = zero;
        FloatVector v0 = zero;
        FloatVector v1 = zero;
        FloatVector v2 = zero;
        FloatVector v3 = zero;
        FloatVector a;
        FloatVector b;
        FloatVector q;
        FloatVector p;
        FloatVector d;
        long end = 4L * n;
        long whole = end / (4 * BYTES) * (4 * BYTES);
        long steps = Math.max(1, whole / (4 * BYTES)) * (count / 2);
        long at = 0;
        long row = rowsAt;
        long next = rowsAt + stride;
        int o = 0;
        for (long i = 0; i < steps; i++) {
            if (at < whole) {
                a = FloatVector.fromMemorySegment(SPECIES, rows, row + at, LE);
                b = FloatVector.fromMemorySegment(SPECIES, rows, next + at, LE);
                q = FloatVector.fromMemorySegment(SPECIES, queries, queryAt + at, LE);
                p = FloatVector.fromMemorySegment(SPECIES, queries, otherAt + at, LE);
                d = q.sub(a);
                s0 = d.fma(d, s0);
                d = q.sub(b);
                t0 = d.fma(d, t0);
                d = p.sub(a);
                u0 = d.fma(d, u0);
                d = p.sub(b);
                v0 = d.fma(d, v0);
                a = FloatVector.fromMemorySegment(SPECIES, rows, row + at + BYTES, LE);
                b = FloatVector.fromMemorySegment(SPECIES, rows, next + at + BYTES, LE);
                q = FloatVector.fromMemorySegment(SPECIES, queries, queryAt + at + BYTES, LE);
                p = FloatVector.fromMemorySegment(SPECIES, queries, otherAt + at + BYTES, LE);
                d = q.sub(a);
                s1 = d.fma(d, s1);
                d = q.sub(b);
                t1 = d.fma(d, t1);
                d = p.sub(a);
                u1 = d.fma(d, u1);
                d = p.sub(b);
                v1 = d.fma(d, v1);
                a = FloatVector.fromMemorySegment(SPECIES, rows, row + at + 2 * BYTES, LE);
                b = FloatVector.fromMemorySegment(SPECIES, rows, next + at + 2 * BYTES, LE);
                q = FloatVector.fromMemorySegment(SPECIES, queries, queryAt + at + 2 * BYTES, LE);
                p = FloatVector.fromMemorySegment(SPECIES, queries, otherAt + at + 2 * BYTES, LE);
                d = q.sub(a);
                s2 = d.fma(d, s2);
                d = q.sub(b);
                t2 = d.fma(d, t2);
                d = p.sub(a);
                u2 = d.fma(d, u2);
                d = p.sub(b);
                v2 = d.fma(d, v2);
                a = FloatVector.fromMemorySegment(SPECIES, rows, row + at + 3 * BYTES, LE);
                b = FloatVector.fromMemorySegment(SPECIES, rows, next + at + 3 * BYTES, LE);
                q = FloatVector.fromMemorySegment(SPECIES, queries, queryAt + at + 3 * BYTES, LE);
                p = FloatVector.fromMemorySegment(SPECIES, queries, otherAt + at + 3 * BYTES, LE);
                d = q.sub(a);
                s3 = d.fma(d, s3);
                d = q.sub(b);
                t3 = d.fma(d, t3);
                d = p.sub(a);
                u3 = d.fma(d, u3);
                d = p.sub(b);
                v3 = d.fma(d, v3);
                at += 4 * BYTES;
            }
            if (at >= whole) {
                for (; at < end; at += BYTES) {
                    a = FloatVector.fromMemorySegment(SPECIES, rows, row + at, LE);
                    b = FloatVector.fromMemorySegment(SPECIES, rows, next + at, LE);
                    q = FloatVector.fromMemorySegment(SPECIES, queries, queryAt + at, LE);
                    p = FloatVector.fromMemorySegment(SPECIES, queries, otherAt + at, LE);
                    d = q.sub(a);
                    s0 = d.fma(d, s0);
                    d = q.sub(b);
                    t0 = d.fma(d, t0);
                    d = p.sub(a);
                    u0 = d.fma(d, u0);
                    d = p.sub(b);
                    v0 = d.fma(d, v0);
                }
                a = s0.add(s1).add(s2.add(s3));
                b = t0.add(t1).add(t2.add(t3));
                q = u0.add(u1).add(u2.add(u3));
                p = v0.add(v1).add(v2.add(v3));
                a = LANES > 8 ? a.add(a.rearrange(ROTATE_8)) : a;
                b = LANES > 8 ? b.add(b.rearrange(ROTATE_8)) : b;
                q = LANES > 8 ? q.add(q.rearrange(ROTATE_8)) : q;
                p = LANES > 8 ? p.add(p.rearrange(ROTATE_8)) : p;
                a = LANES > 4 ? a.add(a.rearrange(ROTATE_4)) : a;
                b = LANES > 4 ? b.add(b.rearrange(ROTATE_4)) : b;
                q = LANES > 4 ? q.add(q.rearrange(ROTATE_4)) : q;
                p = LANES > 4 ? p.add(p.rearrange(ROTATE_4)) : p;
                a = LANES > 2 ? a.add(a.rearrange(ROTATE_2)) : a;
                b = LANES > 2 ? b.add(b.rearrange(ROTATE_2)) : b;
                q = LANES > 2 ? q.add(q.rearrange(ROTATE_2)) : q;
                p = LANES > 2 ? p.add(p.rearrange(ROTATE_2)) : p;
                a = LANES > 1 ? a.add(a.rearrange(ROTATE_1)) : a;
                b = LANES > 1 ? b.add(b.rearrange(ROTATE_1)) : b;
                q = LANES > 1 ? q.add(q.rearrange(ROTATE_1)) : q;
                p = LANES > 1 ? p.add(p.rearrange(ROTATE_1)) : p;
                out[outAt + o] = a.lane(0);
                out[outAt + o + 1] = b.lane(0);
                out[otherOutAt + o] = q.lane(0);
                out[otherOutAt + o + 1] = p.lane(0);
                o += 2;
                s0 = zero;
                s1 = zero;
                s2 = zero;
                s3 = zero;
                t0 = zero;
                t1 = zero;
                t2 = zero;
                t3 = zero;
                u0 = zero;
                u1 = zero;
                u2 = zero;
                u3 = zero;
                v0 = zero;
                v1 = zero;
                v2 = zero;
                v3 = zero;
                at = 0;
                row += 2 * stride;
                next += 2 * stride;
            }
        }
        if ((count & 1) != 0) {
            out[outAt + o] = FloatKernels.squaredEuclidean(queries, queryAt, rows, row, n);
            out[otherOutAt + o] = FloatKernels.squaredEuclidean(queries, otherAt, rows, row, n);
        }
    }

    private static VectorShuffle<Float> rotation(int lanes) {
        return VectorShuffle.iota(SPECIES, lanes % LANES, 1, true);
    }
}
