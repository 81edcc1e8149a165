package dev.shaula.simd;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Integer sums over quantised rows in native memory, on the widest vectors of the machine. All results are exact, so
 * that no order of summation shows. Pure and thread-safe.
 *
 * <p>Rows are read in whole blocks of {@link #BLOCK} bytes, also past the last code: what follows a row must be readable
 * that far, and counts nothing, as the query is zero there.
 *
 * <p>Like the {@link FloatKernels}, each is written out so that C2 compiles it alone and never inlines it.
 *
 * @see ScalarKernels the same sums, one element at a time
 */
public final class CodeKernels {
    private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Short> SHORTS = ShortVector.SPECIES_PREFERRED;
    private static final long INT_BYTES = INTS.vectorByteSize();
    private static final long LONG_BYTES = LONGS.vectorByteSize();
    private static final long SHORT_BYTES = SHORTS.vectorByteSize();
    private static final int EVEN = 0x00ff00ff;
    private static final short NIBBLE = 0xf;
    /** Codes of 4 bits in each lane of {@link #nibbleDot}. */
    private static final int NIBBLES = 4;
    /**
     * Vectors after which sums of 16 bits move into sums of 32: each adds two products of at most {@code 15 * 127} to each
     * of two sums, and {@code 16 * 2 * 15 * 127 < 2^16}.
     */
    private static final long FLUSH = 16 * SHORT_BYTES;

    private static final int LOW_SHORT = 0xffff;
    private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

    /** Codes and queries are read in blocks of this many bytes: the widest vectors in use. */
    public static final int BLOCK = 64;

    /** Bits of a query in {@link #bitDot}. */
    public static final int PLANES = 4;

    private CodeKernels() {}

    /** Bytes of {@code n} codes of 8 bits in whole blocks. */
    public static int byteBlocks(int n) {
        return (n + BLOCK - 1) / BLOCK * BLOCK;
    }

    /** Bytes of {@code n} codes of 4 bits in whole blocks. */
    public static int nibbleBlocks(int n) {
        return byteBlocks((n + 1) / 2);
    }

    /** Bytes of {@code n} codes of 1 bit in whole blocks. */
    public static int bitBlocks(int n) {
        return byteBlocks((n + 7) / 8);
    }

    /**
     * Writes a query of 7-bit codes as {@link #byteDot} reads it: two codes in each 32 bits, the even pairs of each four
     * in the first half, the odd in the second. Two products then fit in one multiplication:
     * {@code (a0 + 2^16 a1) (q1 + 2^16 q0)} holds {@code a0 q0 + a1 q1 < 2^16} in its upper half, since rows have 8 bits
     * and queries 7. There is no way to VNNI from Java; widening bytes takes twice as long.
     *
     * @param codes {@code n} values of 0 to 127, then zeros, {@code byteBlocks(n)} in all
     * @param query room for {@code 2 * byteBlocks(n)} bytes at {@code at}
     */
    public static void packByteQuery(byte[] codes, int bytes, MemorySegment query, long at) {
        for (int i = 0; i < bytes; i += BYTES.length()) {
            IntVector four = ByteVector.fromArray(BYTES, codes, i).reinterpretAsInts();
            four.and(0x7f)
                    .lanewise(VectorOperators.LSHL, 16)
                    .or(four.lanewise(VectorOperators.LSHR, 16).and(0x7f))
                    .intoMemorySegment(query, at + i, LE);
            four.lanewise(VectorOperators.LSHR, 8)
                    .and(0x7f)
                    .lanewise(VectorOperators.LSHL, 16)
                    .or(four.lanewise(VectorOperators.LSHR, 24))
                    .intoMemorySegment(query, at + bytes + i, LE);
        }
    }

    /**
     * {@code sum row[i] * query[i]} over unsigned 8-bit codes and a packed 7-bit query; exact below 66,000 dimensions.
     *
     * <p>Sketch for 1,536 dimensions: 24 blocks, each three loads, two multiplications and eight more instructions: 150
     * cycles at two a cycle; the row itself is 24 cache lines.
     *
     * @param bytes as given to {@link #packByteQuery}
     */
    public static int byteDot(MemorySegment row, long rowAt, MemorySegment query, long queryAt, int bytes) {
        IntVector even = IntVector.zero(INTS);
        IntVector odd = even;
        IntVector even1 = even;
        IntVector odd1 = even;
        long oddAt = queryAt + bytes;
        long i = 0;
        for (; i <= bytes - 2 * INT_BYTES; i += 2 * INT_BYTES) {
            IntVector v = IntVector.fromMemorySegment(INTS, row, rowAt + i, LE);
            IntVector w = IntVector.fromMemorySegment(INTS, row, rowAt + i + INT_BYTES, LE);
            even = even.add(v.and(EVEN)
                    .mul(IntVector.fromMemorySegment(INTS, query, queryAt + i, LE))
                    .lanewise(VectorOperators.LSHR, 16));
            odd = odd.add(v.lanewise(VectorOperators.LSHR, 8)
                    .and(EVEN)
                    .mul(IntVector.fromMemorySegment(INTS, query, oddAt + i, LE))
                    .lanewise(VectorOperators.LSHR, 16));
            even1 = even1.add(w.and(EVEN)
                    .mul(IntVector.fromMemorySegment(INTS, query, queryAt + i + INT_BYTES, LE))
                    .lanewise(VectorOperators.LSHR, 16));
            odd1 = odd1.add(w.lanewise(VectorOperators.LSHR, 8)
                    .and(EVEN)
                    .mul(IntVector.fromMemorySegment(INTS, query, oddAt + i + INT_BYTES, LE))
                    .lanewise(VectorOperators.LSHR, 16));
        }
        for (; i < bytes; i += INT_BYTES) {
            IntVector v = IntVector.fromMemorySegment(INTS, row, rowAt + i, LE);
            even = even.add(v.and(EVEN)
                    .mul(IntVector.fromMemorySegment(INTS, query, queryAt + i, LE))
                    .lanewise(VectorOperators.LSHR, 16));
            odd = odd.add(v.lanewise(VectorOperators.LSHR, 8)
                    .and(EVEN)
                    .mul(IntVector.fromMemorySegment(INTS, query, oddAt + i, LE))
                    .lanewise(VectorOperators.LSHR, 16));
        }
        return even.add(odd).add(even1.add(odd1)).reduceLanes(VectorOperators.ADD);
    }

    /**
     * {@code sum a[i] * (b[i] >>> 1)} over two rows of unsigned 8-bit codes; exact below 66,000 dimensions. One of two
     * stored rows loses its last bit, so that two products fit as in {@link #byteDot}.
     *
     * @param bytes whole blocks that are read of both rows; the codes must be zero behind the last dimension
     */
    public static int byteRowsDot(MemorySegment a, long aAt, MemorySegment b, long bAt, int bytes) {
        IntVector even = IntVector.zero(INTS);
        IntVector odd = even;
        IntVector even1 = even;
        IntVector odd1 = even;
        long i = 0;
        for (; i <= bytes - 2 * INT_BYTES; i += 2 * INT_BYTES) {
            IntVector v = IntVector.fromMemorySegment(INTS, a, aAt + i, LE);
            IntVector q = IntVector.fromMemorySegment(INTS, b, bAt + i, LE).lanewise(VectorOperators.LSHR, 1);
            IntVector v1 = IntVector.fromMemorySegment(INTS, a, aAt + i + INT_BYTES, LE);
            IntVector q1 = IntVector.fromMemorySegment(INTS, b, bAt + i + INT_BYTES, LE)
                    .lanewise(VectorOperators.LSHR, 1);
            even = even.add(v.and(EVEN)
                    .mul(q.and(0x007f007f).lanewise(VectorOperators.ROL, 16))
                    .lanewise(VectorOperators.LSHR, 16));
            odd = odd.add(v.lanewise(VectorOperators.LSHR, 8)
                    .and(EVEN)
                    .mul(q.and(0x7f007f00).lanewise(VectorOperators.ROL, 8))
                    .lanewise(VectorOperators.LSHR, 16));
            even1 = even1.add(v1.and(EVEN)
                    .mul(q1.and(0x007f007f).lanewise(VectorOperators.ROL, 16))
                    .lanewise(VectorOperators.LSHR, 16));
            odd1 = odd1.add(v1.lanewise(VectorOperators.LSHR, 8)
                    .and(EVEN)
                    .mul(q1.and(0x7f007f00).lanewise(VectorOperators.ROL, 8))
                    .lanewise(VectorOperators.LSHR, 16));
        }
        for (; i < bytes; i += INT_BYTES) {
            IntVector v = IntVector.fromMemorySegment(INTS, a, aAt + i, LE);
            IntVector q = IntVector.fromMemorySegment(INTS, b, bAt + i, LE).lanewise(VectorOperators.LSHR, 1);
            even = even.add(v.and(EVEN)
                    .mul(q.and(0x007f007f).lanewise(VectorOperators.ROL, 16))
                    .lanewise(VectorOperators.LSHR, 16));
            odd = odd.add(v.lanewise(VectorOperators.LSHR, 8)
                    .and(EVEN)
                    .mul(q.and(0x7f007f00).lanewise(VectorOperators.ROL, 8))
                    .lanewise(VectorOperators.LSHR, 16));
        }
        return even.add(odd).add(even1.add(odd1)).reduceLanes(VectorOperators.ADD);
    }

    /**
     * Writes codes of 0 to 15 as rows of 4 bits hold them: code {@code 2 i} in the lower half of byte {@code i}, code
     * {@code 2 i + 1} in the upper.
     *
     * @param codes {@code 2 * bytes} values, zeros behind the last dimension
     * @param bytes of the row, a multiple of 4
     */
    public static void packNibbles(byte[] codes, int bytes, MemorySegment row, long at) {
        for (int i = 0; i < bytes; i += 4) {
            int packed = 0;
            for (int j = 0; j < 8; j++) {
                packed |= codes[2 * i + j] << (4 * j);
            }
            row.set(ScalarKernels.INT, at + i, packed);
        }
    }

    /** Reads what {@link #packNibbles} wrote. */
    public static void unpackNibbles(MemorySegment row, long at, int bytes, byte[] codes) {
        for (int i = 0; i < bytes; i += 4) {
            int packed = row.get(ScalarKernels.INT, at + i);
            for (int j = 0; j < 8; j++) {
                codes[2 * i + j] = (byte) ((packed >>> (4 * j)) & NIBBLE);
            }
        }
    }

    /**
     * Writes a query of 7-bit codes as {@link #nibbleDot} reads it: 16 bits each, first those that stand against the
     * lowest 4 bits of each 16 of a row, then those against the next, four parts of {@code bytes} bytes.
     *
     * @param codes {@code 2 * bytes} values of 0 to 127, zeros behind the last dimension
     * @param bytes of a row, as {@link #nibbleBlocks} says
     * @param query room for {@code 4 * bytes} bytes at {@code at}
     */
    public static void packNibbleQuery(byte[] codes, int bytes, MemorySegment query, long at) {
        for (int part = 0; part < NIBBLES; part++) {
            long partAt = at + (long) part * bytes;
            for (int i = 0; i < bytes; i += 2) {
                query.set(ScalarKernels.SHORT, partAt + i, codes[2 * i + part]);
            }
        }
    }

    /**
     * {@code sum row[i] * query[i]} over 4-bit codes and a packed 7-bit query, in lanes of 16 bits: a lane holds four
     * codes, which three shifts bring down, and 32 products fit in its sum.
     *
     * <p>Sketch for 1,536 dimensions at 512 bits: 12 vectors, each five loads, three shifts, three ands, four
     * multiplications and four additions: 170 instructions but for the loads, 90 cycles at two a cycle; the row is 12
     * cache lines.
     *
     * @param bytes whole blocks of the row, as given to {@link #packNibbleQuery}
     */
    public static int nibbleDot(MemorySegment row, long rowAt, MemorySegment query, long queryAt, int bytes) {
        IntVector sum = IntVector.zero(INTS);
        long at1 = queryAt + bytes;
        long at2 = at1 + bytes;
        long at3 = at2 + bytes;
        long i = 0;
        while (i < bytes) {
            long end = Math.min(bytes, i + FLUSH);
            ShortVector s = ShortVector.zero(SHORTS);
            ShortVector t = s;
            for (; i < end; i += SHORT_BYTES) {
                ShortVector v = ShortVector.fromMemorySegment(SHORTS, row, rowAt + i, LE);
                s = s.add(v.and(NIBBLE).mul(ShortVector.fromMemorySegment(SHORTS, query, queryAt + i, LE)));
                t = t.add(v.lanewise(VectorOperators.LSHR, 4)
                        .and(NIBBLE)
                        .mul(ShortVector.fromMemorySegment(SHORTS, query, at1 + i, LE)));
                s = s.add(v.lanewise(VectorOperators.LSHR, 8)
                        .and(NIBBLE)
                        .mul(ShortVector.fromMemorySegment(SHORTS, query, at2 + i, LE)));
                t = t.add(v.lanewise(VectorOperators.LSHR, 12)
                        .mul(ShortVector.fromMemorySegment(SHORTS, query, at3 + i, LE)));
            }
            IntVector a = s.reinterpretAsInts();
            IntVector b = t.reinterpretAsInts();
            sum = sum.add(a.and(LOW_SHORT)).add(b.and(LOW_SHORT));
            sum = sum.add(a.lanewise(VectorOperators.LSHR, 16)).add(b.lanewise(VectorOperators.LSHR, 16));
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /**
     * {@code sum a[i] * b[i]} over two rows of 4-bit codes.
     *
     * @param bytes whole blocks that are read of both rows; the codes must be zero behind the last dimension
     */
    public static int nibbleRowsDot(MemorySegment a, long aAt, MemorySegment b, long bAt, int bytes) {
        IntVector sum = IntVector.zero(INTS);
        long i = 0;
        while (i < bytes) {
            long end = Math.min(bytes, i + FLUSH);
            ShortVector s = ShortVector.zero(SHORTS);
            ShortVector t = s;
            for (; i < end; i += SHORT_BYTES) {
                ShortVector v = ShortVector.fromMemorySegment(SHORTS, a, aAt + i, LE);
                ShortVector w = ShortVector.fromMemorySegment(SHORTS, b, bAt + i, LE);
                s = s.add(v.and(NIBBLE).mul(w.and(NIBBLE)));
                t = t.add(v.lanewise(VectorOperators.LSHR, 4)
                        .and(NIBBLE)
                        .mul(w.lanewise(VectorOperators.LSHR, 4).and(NIBBLE)));
                s = s.add(v.lanewise(VectorOperators.LSHR, 8)
                        .and(NIBBLE)
                        .mul(w.lanewise(VectorOperators.LSHR, 8).and(NIBBLE)));
                t = t.add(v.lanewise(VectorOperators.LSHR, 12).mul(w.lanewise(VectorOperators.LSHR, 12)));
            }
            IntVector c = s.reinterpretAsInts();
            IntVector d = t.reinterpretAsInts();
            sum = sum.add(c.and(LOW_SHORT)).add(d.and(LOW_SHORT));
            sum = sum.add(c.lanewise(VectorOperators.LSHR, 16)).add(d.lanewise(VectorOperators.LSHR, 16));
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /**
     * {@code sum row[i] * query[i]} over 1-bit codes and a query of {@value #PLANES}-bit codes that lies in bit planes:
     * plane {@code b} holds bit {@code b} of all codes. The form in which Java is not behind: a population count for
     * each plane and 512 dimensions.
     *
     * @param bytes whole blocks of one plane; the planes follow each other
     */
    public static int bitDot(MemorySegment row, long rowAt, MemorySegment planes, long planesAt, int bytes) {
        LongVector s0 = LongVector.zero(LONGS);
        LongVector s1 = s0;
        LongVector s2 = s0;
        LongVector s3 = s0;
        long at1 = planesAt + bytes;
        long at2 = at1 + bytes;
        long at3 = at2 + bytes;
        for (long i = 0; i < bytes; i += LONG_BYTES) {
            LongVector v = LongVector.fromMemorySegment(LONGS, row, rowAt + i, LE);
            s0 = s0.add(v.and(LongVector.fromMemorySegment(LONGS, planes, planesAt + i, LE))
                    .lanewise(VectorOperators.BIT_COUNT));
            s1 = s1.add(v.and(LongVector.fromMemorySegment(LONGS, planes, at1 + i, LE))
                    .lanewise(VectorOperators.BIT_COUNT));
            s2 = s2.add(v.and(LongVector.fromMemorySegment(LONGS, planes, at2 + i, LE))
                    .lanewise(VectorOperators.BIT_COUNT));
            s3 = s3.add(v.and(LongVector.fromMemorySegment(LONGS, planes, at3 + i, LE))
                    .lanewise(VectorOperators.BIT_COUNT));
        }
        s0 = s0.add(s1.lanewise(VectorOperators.LSHL, 1));
        s2 = s2.lanewise(VectorOperators.LSHL, 2).add(s3.lanewise(VectorOperators.LSHL, 3));
        return (int) s0.add(s2).reduceLanes(VectorOperators.ADD);
    }
}
