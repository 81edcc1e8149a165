package dev.shaula.simd;

import dev.shaula.memory.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;

/** The integer kernels and reductions beside their definitions; also run at other vector widths. */
final class CodeChecks {
    private static final int[] LENGTHS = {1, 2, 3, 15, 16, 63, 64, 65, 100, 127, 128, 129, 384, 783, 784, 1536, 1537};

    private CodeChecks() {}

    static void checkAll(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int n : LENGTHS) {
            for (long offset : new long[] {0, 16, 1}) {
                checkBytes(random, n, offset);
                checkRows(random, n, offset);
                checkNibbles(random, n, offset);
                checkBits(random, n, offset);
            }
            checkManyRows(random, n);
        }
    }

    /** A row of {@code n} random bytes, then bytes that must not count. */
    private static MemorySegment row(Random random, int bytes, int blocks, long offset, boolean zeros) {
        MemorySegment segment = NativeMemory.allocate(offset + blocks, false);
        for (int i = 0; i < blocks; i++) {
            byte b = (byte) random.nextInt(256);
            segment.set(ValueLayout.JAVA_BYTE, offset + i, zeros && i >= bytes ? 0 : b);
        }
        return segment;
    }

    private static byte[] query(Random random, int n, int blocks, int most) {
        byte[] query = new byte[blocks];
        for (int i = 0; i < n; i++) {
            query[i] = (byte) random.nextInt(most + 1);
        }
        return query;
    }

    private static void checkBytes(Random random, int n, long offset) {
        int blocks = CodeKernels.byteBlocks(n);
        MemorySegment row = row(random, n, blocks, offset, false);
        byte[] query = query(random, n, blocks, 127);
        MemorySegment packed = NativeMemory.allocate(2L * blocks, false);
        CodeKernels.packByteQuery(query, blocks, packed, 0);
        same(
                "byteDot " + n,
                CodeKernels.byteDot(row, offset, packed, 0, blocks),
                ScalarKernels.byteDot(row, offset, query, n));
    }

    private static void checkRows(Random random, int n, long offset) {
        int blocks = CodeKernels.byteBlocks(n);
        MemorySegment a = row(random, n, blocks, offset, true);
        MemorySegment b = row(random, n, blocks, 0, true);
        same(
                "byteRowsDot " + n,
                CodeKernels.byteRowsDot(a, offset, b, 0, blocks),
                ScalarKernels.byteRowsDot(a, offset, b, 0, n));
    }

    private static void checkNibbles(Random random, int n, long offset) {
        int blocks = CodeKernels.nibbleBlocks(n);
        byte[] query = query(random, n, 2 * blocks, 127);
        MemorySegment packed = NativeMemory.allocate(4L * blocks, false);
        CodeKernels.packNibbleQuery(query, blocks, packed, 0);
        MemorySegment any = row(random, (n + 1) / 2, blocks, offset, false);
        same(
                "nibbleDot " + n,
                CodeKernels.nibbleDot(any, offset, packed, 0, blocks),
                ScalarKernels.nibbleDot(any, offset, query, n));
        MemorySegment a = nibbles(random, n, offset);
        MemorySegment b = nibbles(random, n, 0);
        same(
                "nibbleRowsDot " + n,
                CodeKernels.nibbleRowsDot(a, offset, b, 0, blocks),
                ScalarKernels.nibbleRowsDot(a, offset, b, 0, n));
    }

    /** A packed row of {@code n} random codes of 4 bits; what was packed must come back. */
    private static MemorySegment nibbles(Random random, int n, long offset) {
        int blocks = CodeKernels.nibbleBlocks(n);
        byte[] codes = query(random, n, 2 * blocks, 15);
        MemorySegment row = NativeMemory.allocate(offset + blocks, false);
        CodeKernels.packNibbles(codes, blocks, row, offset);
        byte[] back = new byte[2 * blocks];
        CodeKernels.unpackNibbles(row, offset, blocks, back);
        if (!Arrays.equals(back, codes)) {
            throw new AssertionError("codes of 4 bits came back differently, n " + n);
        }
        return row;
    }

    private static void checkBits(Random random, int n, long offset) {
        int blocks = CodeKernels.bitBlocks(n);
        MemorySegment row = row(random, (n + 7) / 8, blocks, offset, false);
        byte[] query = query(random, n, n, 15);
        MemorySegment planes = NativeMemory.allocate((long) CodeKernels.PLANES * blocks, false);
        for (int i = 0; i < n; i++) {
            for (int plane = 0; plane < CodeKernels.PLANES; plane++) {
                long at = (long) plane * blocks + i / 8;
                int bit = (query[i] >>> plane & 1) << i % 8;
                planes.set(ValueLayout.JAVA_BYTE, at, (byte) (planes.get(ValueLayout.JAVA_BYTE, at) | bit));
            }
        }
        same(
                "bitDot " + n,
                CodeKernels.bitDot(row, offset, planes, 0, blocks),
                ScalarKernels.bitDot(row, offset, query, n));
    }

    /** Kernels of many rows against those of one, and nothing behind the last result. */
    private static void checkManyRows(Random random, int n) {
        int bytes = CodeKernels.byteBlocks(n);
        for (int count : new int[] {0, 1, 2, 7, 33}) {
            MemorySegment rows = row(random, 0, (count + 1) * 3 * bytes, 0, false);
            MemorySegment query = row(random, 0, 4 * bytes, 0, false);
            byte[] codes = query(random, n, bytes, 127);
            CodeKernels.packByteQuery(codes, bytes, query, 0);
            long[] at = random.longs(count, 0, rows.byteSize() - bytes).toArray();
            checkMany(
                    "byteDots",
                    n,
                    at,
                    CodeKernels.byteBlocks(n),
                    rows,
                    query,
                    CodeRowKernels::byteDots,
                    CodeKernels::byteDot);
            CodeKernels.packNibbleQuery(
                    query(random, n, 2 * CodeKernels.nibbleBlocks(n), 127), CodeKernels.nibbleBlocks(n), query, 0);
            checkMany(
                    "nibbleDots",
                    n,
                    at,
                    CodeKernels.nibbleBlocks(n),
                    rows,
                    query,
                    CodeRowKernels::nibbleDots,
                    CodeKernels::nibbleDot);
            checkMany(
                    "bitDots",
                    n,
                    at,
                    CodeKernels.bitBlocks(n),
                    rows,
                    query,
                    CodeRowKernels::bitDots,
                    CodeKernels::bitDot);
        }
    }

    private interface Many {
        void dots(MemorySegment codes, long[] at, int n, MemorySegment query, long queryAt, int bytes, int[] out);
    }

    private interface One {
        int dot(MemorySegment row, long rowAt, MemorySegment query, long queryAt, int bytes);
    }

    private static void checkMany(
            String what, int n, long[] at, int bytes, MemorySegment rows, MemorySegment query, Many many, One one) {
        int[] out = new int[at.length + 1];
        out[at.length] = 17;
        many.dots(rows, at, at.length, query, 0, bytes, out);
        for (int i = 0; i < at.length; i++) {
            same(what + " " + n + ", row " + i + " of " + at.length, out[i], one.dot(rows, at[i], query, 0, bytes));
        }
        same("behind " + what, out[at.length], 17);
    }

    static long greatest(int n) {
        int blocks = CodeKernels.byteBlocks(n);
        byte[] query = new byte[blocks];
        Arrays.fill(query, 0, n, (byte) 127);
        MemorySegment row = NativeMemory.allocate(blocks, false).fill((byte) 255);
        MemorySegment packed = NativeMemory.allocate(2L * blocks, false);
        CodeKernels.packByteQuery(query, blocks, packed, 0);
        return CodeKernels.byteDot(row, 0, packed, 0, blocks);
    }

    static long greatestOfFourBits(int n) {
        int blocks = CodeKernels.nibbleBlocks(n);
        byte[] query = new byte[2 * blocks];
        Arrays.fill(query, 0, n, (byte) 127);
        MemorySegment row = NativeMemory.allocate(blocks, false).fill((byte) 255);
        MemorySegment packed = NativeMemory.allocate(4L * blocks, false);
        CodeKernels.packNibbleQuery(query, blocks, packed, 0);
        return CodeKernels.nibbleDot(row, 0, packed, 0, blocks);
    }

    static void checkHadamard(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int n = 64; n <= 2_048; n *= 2) {
            float[] v = new float[n + 3];
            for (int i = 0; i < v.length; i++) {
                v[i] = random.nextInt(200) - 100; // whole numbers: every order of summing gives the same
            }
            float[] factors = new float[n];
            for (int i = 0; i < n; i++) {
                factors[i] = random.nextBoolean() ? 1 : -2;
            }
            float[] transformed = v.clone();
            EncodingKernels.hadamard(transformed, 3, factors, n);
            for (int i = 0; i < n; i++) {
                int sum = 0;
                for (int j = 0; j < n; j++) {
                    sum += (Integer.bitCount(i & j) % 2 == 0 ? 1 : -1) * (int) (factors[j] * v[3 + j]);
                }
                same("hadamard " + n + " at " + i, (int) transformed[3 + i], sum);
            }
        }
    }

    static void checkReductions(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int n = 64; n <= 1_536; n += 64) {
            float[] v = new float[n];
            for (int i = 0; i < n; i++) {
                v[i] = (float) random.nextGaussian();
            }
            float low = EncodingKernels.min(v, n);
            float high = EncodingKernels.max(v, n);
            int words = n / 64 + 2;
            long[] planes = new long[CodeKernels.PLANES * words];
            long[] signs = new long[n / 64];
            byte[] bytes = new byte[n + CodeKernels.BLOCK];
            EncodingKernels.bitPlanes(v, n, low, 15 / (high - low), planes, words);
            int byteSum = EncodingKernels.quantise(v, n, low, 255 / (high - low), 255, bytes);
            EncodingKernels.signBits(v, n, signs);
            for (int i = 0; i < n; i++) {
                int code = 0;
                for (int plane = 0; plane < CodeKernels.PLANES; plane++) {
                    code |= (int) (planes[plane * words + i / 64] >>> i % 64 & 1) << plane;
                }
                byteSum -= Byte.toUnsignedInt(bytes[i]);
                same("plane code", code, Math.min(15, (int) ((v[i] - low) * (15 / (high - low)) + 0.5f)));
                same("byte", Byte.toUnsignedInt(bytes[i]), Math.min(255, (int)
                        ((v[i] - low) * (255 / (high - low)) + 0.5f)));
                same("sign", (int) (signs[i / 64] >>> i % 64 & 1), v[i] >= 0 ? 1 : 0);
            }
            same("sum of bytes", byteSum, 0);
        }
        for (int n : new int[] {1, 2, 7, 8, 15, 16, 17, 31, 63, 64, 65, 702, 1_536}) {
            float[] v = new float[n];
            double expected = 0;
            for (int i = 0; i < n; i++) {
                v[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(-20, 20)));
                expected += (double) v[i] * v[i];
            }
            double squares = EncodingKernels.squares(v);
            if (!(Math.abs(squares - expected) <= 1e-13 * expected)) {
                throw new AssertionError("squares of " + n + ": expected " + expected + ", got " + squares);
            }
        }
    }

    private static void same(String what, int found, int expected) {
        if (found != expected) {
            throw new AssertionError(what + ": expected " + expected + ", got " + found);
        }
    }
}
