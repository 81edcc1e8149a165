package dev.shaula.simd;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The sums of {@link CodeKernels} over many rows in one call, for what a search measures at once: the codes of a node's
 * neighbours. Where a row is up to three blocks, and vectors are as wide as a block, the query stays in registers from row
 * to row, 4 to 12 of 32. What this saves on a row of one to three blocks is a third to a half of it: the loads of the
 * query, longer than the row itself, the call, and that the sum over the lanes of one row ends before the next is begun.
 * Longer rows and narrower vectors go row by row.
 *
 * <p>Exact, as all sums of integers here. Pure and thread-safe. For the reason that {@link FloatKernels} gives, all that
 * makes vectors is written out in methods of more than 325 bytes of bytecode: with helpers, or a method for each number
 * of blocks, C2 began to make objects of them after some seconds (582 to 1,391 bytes and microseconds a row). Each kernel
 * takes
 *
 * <ul>
 *   <li>{@code codes}, the segment of all rows, and {@code at}, where in it each of the {@code n} rows begins,
 *   <li>{@code query}, packed as the kernel of one row wants it, at {@code queryAt},
 *   <li>{@code bytes}, those of a row in whole {@link CodeKernels#BLOCK}s, readable behind every row,
 *   <li>{@code out}, the first {@code n} of which take the sums.
 * </ul>
 */
public final class CodeRowKernels {
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_512;
    private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_512;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_512;
    /** Narrower vectors need two and more registers for a block, and there are only half as many. */
    private static final boolean WIDE = IntVector.SPECIES_PREFERRED.vectorByteSize() >= CodeKernels.BLOCK;

    private static final long B = CodeKernels.BLOCK;
    private static final int EVEN = 0x00ff00ff;
    private static final int LOW_SHORT = 0xffff;
    private static final short NIBBLE = 0xf;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    private CodeRowKernels() {}

    /** {@link CodeKernels#byteDot} of each row. */
    public static void byteDots(
            MemorySegment codes, long[] at, int n, MemorySegment query, long queryAt, int bytes, int[] out) {
        if (WIDE && bytes <= 2 * CodeKernels.BLOCK) {
            shortByteDots(codes, at, n, query, queryAt, bytes, out);
            return;
        }
        for (int i = 0; i < n; i++) {
            out[i] = CodeKernels.byteDot(codes, at[i], query, queryAt, bytes);
        }
    }

    private static void shortByteDots(
            MemorySegment codes, long[] at, int n, MemorySegment query, long queryAt, int bytes, int[] out) {
        if (bytes == CodeKernels.BLOCK) {
            IntVector even0 = IntVector.fromMemorySegment(INTS, query, queryAt, LE);
            IntVector odd0 = IntVector.fromMemorySegment(INTS, query, queryAt + B, LE);
            for (int i = 0; i < n; i++) {
                IntVector v = IntVector.fromMemorySegment(INTS, codes, at[i], LE);
                IntVector a = v.and(EVEN).mul(even0).lanewise(VectorOperators.LSHR, 16);
                IntVector b =
                        v.lanewise(VectorOperators.LSHR, 8).and(EVEN).mul(odd0).lanewise(VectorOperators.LSHR, 16);
                out[i] = a.add(b).reduceLanes(VectorOperators.ADD);
            }
            return;
        }
        IntVector even0 = IntVector.fromMemorySegment(INTS, query, queryAt, LE);
        IntVector even1 = IntVector.fromMemorySegment(INTS, query, queryAt + B, LE);
        IntVector odd0 = IntVector.fromMemorySegment(INTS, query, queryAt + 2 * B, LE);
        IntVector odd1 = IntVector.fromMemorySegment(INTS, query, queryAt + 3 * B, LE);
        for (int i = 0; i < n; i++) {
            IntVector v = IntVector.fromMemorySegment(INTS, codes, at[i], LE);
            IntVector w = IntVector.fromMemorySegment(INTS, codes, at[i] + B, LE);
            IntVector a = v.and(EVEN).mul(even0).lanewise(VectorOperators.LSHR, 16);
            IntVector b =
                    v.lanewise(VectorOperators.LSHR, 8).and(EVEN).mul(odd0).lanewise(VectorOperators.LSHR, 16);
            IntVector c = w.and(EVEN).mul(even1).lanewise(VectorOperators.LSHR, 16);
            IntVector d =
                    w.lanewise(VectorOperators.LSHR, 8).and(EVEN).mul(odd1).lanewise(VectorOperators.LSHR, 16);
            out[i] = a.add(b).add(c.add(d)).reduceLanes(VectorOperators.ADD);
        }
    }

    /** {@link CodeKernels#nibbleDot} of each row. */
    public static void nibbleDots(
            MemorySegment codes, long[] at, int n, MemorySegment query, long queryAt, int bytes, int[] out) {
        if (WIDE && bytes <= 2 * CodeKernels.BLOCK) {
            shortNibbleDots(codes, at, n, query, queryAt, bytes, out);
            return;
        }
        for (int i = 0; i < n; i++) {
            out[i] = CodeKernels.nibbleDot(codes, at[i], query, queryAt, bytes);
        }
    }

    /** Sums of 16 bits hold 4 or 8 products of at most {@code 15 * 127}. */
    private static void shortNibbleDots(
            MemorySegment codes, long[] at, int n, MemorySegment query, long queryAt, int bytes, int[] out) {
        if (bytes == CodeKernels.BLOCK) {
            ShortVector p0 = ShortVector.fromMemorySegment(SHORTS, query, queryAt, LE);
            ShortVector p1 = ShortVector.fromMemorySegment(SHORTS, query, queryAt + B, LE);
            ShortVector p2 = ShortVector.fromMemorySegment(SHORTS, query, queryAt + 2 * B, LE);
            ShortVector p3 = ShortVector.fromMemorySegment(SHORTS, query, queryAt + 3 * B, LE);
            for (int i = 0; i < n; i++) {
                ShortVector v = ShortVector.fromMemorySegment(SHORTS, codes, at[i], LE);
                ShortVector s = v.and(NIBBLE)
                        .mul(p0)
                        .add(v.lanewise(VectorOperators.LSHR, 4).and(NIBBLE).mul(p1))
                        .add(v.lanewise(VectorOperators.LSHR, 8).and(NIBBLE).mul(p2))
                        .add(v.lanewise(VectorOperators.LSHR, 12).mul(p3));
                IntVector pairs = s.reinterpretAsInts();
                out[i] = pairs.and(LOW_SHORT)
                        .add(pairs.lanewise(VectorOperators.LSHR, 16))
                        .reduceLanes(VectorOperators.ADD);
            }
            return;
        }
        ShortVector p0 = ShortVector.fromMemorySegment(SHORTS, query, queryAt, LE);
        ShortVector q0 = ShortVector.fromMemorySegment(SHORTS, query, queryAt + B, LE);
        ShortVector p1 = ShortVector.fromMemorySegment(SHORTS, query, queryAt + 2 * B, LE);
        ShortVector q1 = ShortVector.fromMemorySegment(SHORTS, query, queryAt + 3 * B, LE);
        ShortVector p2 = ShortVector.fromMemorySegment(SHORTS, query, queryAt + 4 * B, LE);
        ShortVector q2 = ShortVector.fromMemorySegment(SHORTS, query, queryAt + 5 * B, LE);
        ShortVector p3 = ShortVector.fromMemorySegment(SHORTS, query, queryAt + 6 * B, LE);
        ShortVector q3 = ShortVector.fromMemorySegment(SHORTS, query, queryAt + 7 * B, LE);
        for (int i = 0; i < n; i++) {
            ShortVector v = ShortVector.fromMemorySegment(SHORTS, codes, at[i], LE);
            ShortVector w = ShortVector.fromMemorySegment(SHORTS, codes, at[i] + B, LE);
            ShortVector s = v.and(NIBBLE)
                    .mul(p0)
                    .add(v.lanewise(VectorOperators.LSHR, 4).and(NIBBLE).mul(p1))
                    .add(v.lanewise(VectorOperators.LSHR, 8).and(NIBBLE).mul(p2))
                    .add(v.lanewise(VectorOperators.LSHR, 12).mul(p3));
            ShortVector t = w.and(NIBBLE)
                    .mul(q0)
                    .add(w.lanewise(VectorOperators.LSHR, 4).and(NIBBLE).mul(q1))
                    .add(w.lanewise(VectorOperators.LSHR, 8).and(NIBBLE).mul(q2))
                    .add(w.lanewise(VectorOperators.LSHR, 12).mul(q3));
            IntVector pairs = s.add(t).reinterpretAsInts();
            out[i] = pairs.and(LOW_SHORT)
                    .add(pairs.lanewise(VectorOperators.LSHR, 16))
                    .reduceLanes(VectorOperators.ADD);
        }
    }

    /** {@link CodeKernels#bitDot} of each row. */
    public static void bitDots(
            MemorySegment codes, long[] at, int n, MemorySegment planes, long planesAt, int bytes, int[] out) {
        if (WIDE && bytes <= 2 * CodeKernels.BLOCK) {
            shortBitDots(codes, at, n, planes, planesAt, bytes, out);
        } else if (WIDE && bytes == 3 * CodeKernels.BLOCK) {
            bitDots3(codes, at, n, planes, planesAt, out);
        } else {
            for (int i = 0; i < n; i++) {
                out[i] = CodeKernels.bitDot(codes, at[i], planes, planesAt, bytes);
            }
        }
    }

    private static void shortBitDots(
            MemorySegment codes, long[] at, int n, MemorySegment planes, long planesAt, int bytes, int[] out) {
        if (bytes == CodeKernels.BLOCK) {
            LongVector p0 = LongVector.fromMemorySegment(LONGS, planes, planesAt, LE);
            LongVector p1 = LongVector.fromMemorySegment(LONGS, planes, planesAt + B, LE);
            LongVector p2 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 2 * B, LE);
            LongVector p3 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 3 * B, LE);
            for (int i = 0; i < n; i++) {
                LongVector v = LongVector.fromMemorySegment(LONGS, codes, at[i], LE);
                LongVector s0 = v.and(p0).lanewise(VectorOperators.BIT_COUNT);
                LongVector s1 = v.and(p1).lanewise(VectorOperators.BIT_COUNT);
                LongVector s2 = v.and(p2).lanewise(VectorOperators.BIT_COUNT);
                LongVector s3 = v.and(p3).lanewise(VectorOperators.BIT_COUNT);
                s0 = s0.add(s1.lanewise(VectorOperators.LSHL, 1));
                s2 = s2.lanewise(VectorOperators.LSHL, 2).add(s3.lanewise(VectorOperators.LSHL, 3));
                out[i] = (int) s0.add(s2).reduceLanes(VectorOperators.ADD);
            }
            return;
        }
        LongVector p0 = LongVector.fromMemorySegment(LONGS, planes, planesAt, LE);
        LongVector q0 = LongVector.fromMemorySegment(LONGS, planes, planesAt + B, LE);
        LongVector p1 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 2 * B, LE);
        LongVector q1 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 3 * B, LE);
        LongVector p2 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 4 * B, LE);
        LongVector q2 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 5 * B, LE);
        LongVector p3 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 6 * B, LE);
        LongVector q3 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 7 * B, LE);
        for (int i = 0; i < n; i++) {
            LongVector v = LongVector.fromMemorySegment(LONGS, codes, at[i], LE);
            LongVector w = LongVector.fromMemorySegment(LONGS, codes, at[i] + B, LE);
            LongVector s0 =
                    v.and(p0).lanewise(VectorOperators.BIT_COUNT).add(w.and(q0).lanewise(VectorOperators.BIT_COUNT));
            LongVector s1 =
                    v.and(p1).lanewise(VectorOperators.BIT_COUNT).add(w.and(q1).lanewise(VectorOperators.BIT_COUNT));
            LongVector s2 =
                    v.and(p2).lanewise(VectorOperators.BIT_COUNT).add(w.and(q2).lanewise(VectorOperators.BIT_COUNT));
            LongVector s3 =
                    v.and(p3).lanewise(VectorOperators.BIT_COUNT).add(w.and(q3).lanewise(VectorOperators.BIT_COUNT));
            s0 = s0.add(s1.lanewise(VectorOperators.LSHL, 1));
            s2 = s2.lanewise(VectorOperators.LSHL, 2).add(s3.lanewise(VectorOperators.LSHL, 3));
            out[i] = (int) s0.add(s2).reduceLanes(VectorOperators.ADD);
        }
    }

    private static void bitDots3(
            MemorySegment codes, long[] at, int n, MemorySegment planes, long planesAt, int[] out) {
        LongVector p0 = LongVector.fromMemorySegment(LONGS, planes, planesAt, LE);
        LongVector q0 = LongVector.fromMemorySegment(LONGS, planes, planesAt + B, LE);
        LongVector r0 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 2 * B, LE);
        LongVector p1 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 3 * B, LE);
        LongVector q1 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 4 * B, LE);
        LongVector r1 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 5 * B, LE);
        LongVector p2 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 6 * B, LE);
        LongVector q2 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 7 * B, LE);
        LongVector r2 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 8 * B, LE);
        LongVector p3 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 9 * B, LE);
        LongVector q3 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 10 * B, LE);
        LongVector r3 = LongVector.fromMemorySegment(LONGS, planes, planesAt + 11 * B, LE);
        for (int i = 0; i < n; i++) {
            LongVector v = LongVector.fromMemorySegment(LONGS, codes, at[i], LE);
            LongVector w = LongVector.fromMemorySegment(LONGS, codes, at[i] + B, LE);
            LongVector x = LongVector.fromMemorySegment(LONGS, codes, at[i] + 2 * B, LE);
            LongVector s0 = v.and(p0)
                    .lanewise(VectorOperators.BIT_COUNT)
                    .add(w.and(q0).lanewise(VectorOperators.BIT_COUNT))
                    .add(x.and(r0).lanewise(VectorOperators.BIT_COUNT));
            LongVector s1 = v.and(p1)
                    .lanewise(VectorOperators.BIT_COUNT)
                    .add(w.and(q1).lanewise(VectorOperators.BIT_COUNT))
                    .add(x.and(r1).lanewise(VectorOperators.BIT_COUNT));
            LongVector s2 = v.and(p2)
                    .lanewise(VectorOperators.BIT_COUNT)
                    .add(w.and(q2).lanewise(VectorOperators.BIT_COUNT))
                    .add(x.and(r2).lanewise(VectorOperators.BIT_COUNT));
            LongVector s3 = v.and(p3)
                    .lanewise(VectorOperators.BIT_COUNT)
                    .add(w.and(q3).lanewise(VectorOperators.BIT_COUNT))
                    .add(x.and(r3).lanewise(VectorOperators.BIT_COUNT));
            s0 = s0.add(s1.lanewise(VectorOperators.LSHL, 1));
            s2 = s2.lanewise(VectorOperators.LSHL, 2).add(s3.lanewise(VectorOperators.LSHL, 3));
            out[i] = (int) s0.add(s2).reduceLanes(VectorOperators.ADD);
        }
    }
}
