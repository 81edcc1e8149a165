package dev.shaula.simd;

import dev.shaula.memory.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;

/** Compares the kernels of many rows, bit for bit, with those of one row. */
final class RowChecks {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Below, at and beyond one step of the loop at every width, and sizes that models have once they are padded. */
    static final int[] DIMENSIONS = {16, 32, 48, 64, 80, 112, 128, 144, 208, 384, 704, 784, 1536};

    static final int[] COUNTS = {0, 1, 2, 3, 4, 7, 33};

    private static final int AT = 5;

    /** A kernel of many rows, of two queries, and that of one row. */
    enum Kernel {
        DOT {
            @Override
            void one(Rows r, int count, float[] out) {
                RowKernels.dot(r.queries, 0, r.rows, r.first, r.stride, count, r.n, out, AT);
            }

            @Override
            void pair(Rows r, int count, float[] out, int other) {
                RowKernels.dotPair(r.queries, 0, r.stride, r.rows, r.first, r.stride, count, r.n, out, AT, other);
            }

            @Override
            float single(Rows r, int query, int row) {
                return FloatKernels.dot(r.queries, query * r.stride, r.rows, r.first + row * r.stride, r.n);
            }
        },
        SQUARED_EUCLIDEAN {
            @Override
            void one(Rows r, int count, float[] out) {
                RowKernels.squaredEuclidean(r.queries, 0, r.rows, r.first, r.stride, count, r.n, out, AT);
            }

            @Override
            void pair(Rows r, int count, float[] out, int other) {
                RowKernels.squaredEuclideanPair(
                        r.queries, 0, r.stride, r.rows, r.first, r.stride, count, r.n, out, AT, other);
            }

            @Override
            float single(Rows r, int query, int row) {
                return FloatKernels.squaredEuclidean(
                        r.queries, query * r.stride, r.rows, r.first + row * r.stride, r.n);
            }
        };

        abstract void one(Rows r, int count, float[] out);

        abstract void pair(Rows r, int count, float[] out, int other);

        abstract float single(Rows r, int query, int row);
    }

    /** Two queries, and rows that end where their segment ends, so that a read beyond them throws. */
    record Rows(MemorySegment queries, MemorySegment rows, long first, long stride, int n) {}

    private RowChecks() {}

    static void checkAll(long seed) {
        Random random = new Random(seed);
        for (int n : DIMENSIONS) {
            for (int count : COUNTS) {
                for (long gap : new long[] {0, 64}) {
                    Rows rows = rows(random, n, count, gap);
                    for (Kernel kernel : Kernel.values()) {
                        check(kernel, rows, count);
                    }
                }
            }
        }
    }

    private static Rows rows(Random random, int n, int count, long gap) {
        long stride = 4L * n + gap;
        long first = 128;
        long bytes = first + Math.max(0, count * stride - gap);
        MemorySegment rows = NativeMemory.allocate(bytes, false).asSlice(0, bytes);
        fill(rows, random);
        MemorySegment queries = NativeMemory.allocate(2 * stride, false).asSlice(0, 2 * stride - gap);
        fill(queries, random);
        return new Rows(queries, rows, first, stride, n);
    }

    private static void fill(MemorySegment segment, Random random) {
        for (long at = 0; at < segment.byteSize(); at += 4) {
            segment.set(FLOAT, at, (float) random.nextGaussian());
        }
    }

    private static void check(Kernel kernel, Rows rows, int count) {
        float[] expected = new float[2 * (AT + count) + 3];
        Arrays.fill(expected, -1);
        float[] one = expected.clone();
        float[] pair = expected.clone();
        int other = AT + count + 3;
        for (int row = 0; row < count; row++) {
            expected[AT + row] = kernel.single(rows, 0, row);
        }
        kernel.one(rows, count, one);
        compare(kernel, rows, count, one, expected);
        for (int row = 0; row < count; row++) {
            expected[other + row] = kernel.single(rows, 1, row);
        }
        kernel.pair(rows, count, pair, other);
        compare(kernel, rows, count, pair, expected);
    }

    private static void compare(Kernel kernel, Rows rows, int count, float[] found, float[] expected) {
        if (!Arrays.equals(found, expected)) {
            throw new AssertionError(kernel + ", n " + rows.n + ", " + count + " rows: " + Arrays.toString(found)
                    + ", row by row " + Arrays.toString(expected));
        }
    }
}
