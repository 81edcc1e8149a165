package dev.shaula.simd;

import dev.shaula.memory.NativeMemory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;

/** Every kernel with its twin and its definition in double precision, and rows to feed them. */
final class KernelChecks {
    /** Around every multiple of 4, 8 and 16 lanes and of four accumulators of them, and sizes that models have. */
    static final int[] DIMENSIONS = {
        0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 127, 128, 129, 207, 384, 702, 784, 1536,
        1537
    };

    /** Bytes before a row: aligned to a cache line, to a float, and to nothing. */
    static final long[] OFFSETS = {0, 64, 4, 60, 1, 7};

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private KernelChecks() {}

    /** A kernel and its twin; {@code term} is what they sum. */
    enum Kernel {
        DOT {
            @Override
            float vector(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
                return FloatKernels.dot(a, aOffset, b, bOffset, n);
            }

            @Override
            float scalar(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
                return ScalarKernels.dot(a, aOffset, b, bOffset, n);
            }

            @Override
            double term(double a, double b) {
                return a * b;
            }
        },
        SQUARED_EUCLIDEAN {
            @Override
            float vector(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
                return FloatKernels.squaredEuclidean(a, aOffset, b, bOffset, n);
            }

            @Override
            float scalar(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
                return ScalarKernels.squaredEuclidean(a, aOffset, b, bOffset, n);
            }

            @Override
            double term(double a, double b) {
                return (a - b) * (a - b);
            }
        };

        abstract float vector(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n);

        abstract float scalar(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n);

        abstract double term(double a, double b);
    }

    /** The magnitudes of a row's elements. */
    enum Values {
        ORDINARY(1),
        /** Squares of sums of these are far outside what float32 can hold to the unit, and still finite. */
        LARGE(1e17),
        /** Below the smallest normal float: lost on a machine that flushes them to zero. */
        DENORMAL(1e-40);

        private final double magnitude;

        Values(double magnitude) {
            this.magnitude = magnitude;
        }

        float next(Random random) {
            return (float) (random.nextGaussian() * magnitude);
        }
    }

    /** A row that ends where its segment ends, so that a read beyond it throws. */
    static MemorySegment rowAtTheEnd(float[] values, long offset) {
        MemorySegment segment = NativeMemory.allocate(Math.max(1, offset + 4L * values.length), false)
                .asSlice(0, offset + 4L * values.length);
        MemorySegment.copy(values, 0, segment, FLOAT, offset, values.length);
        return segment;
    }

    static float[] row(Random random, Values values, int n) {
        float[] row = new float[n];
        for (int i = 0; i < n; i++) {
            row[i] = values.next(random);
        }
        return row;
    }

    /** Runs the kernel and its twin on one pair of rows, and compares both with the sum in double precision. */
    static float check(Kernel kernel, float[] a, long aOffset, float[] b, long bOffset) {
        int n = a.length;
        double exact = 0;
        double magnitude = 0;
        for (int i = 0; i < n; i++) {
            exact += kernel.term(a[i], b[i]);
            magnitude += Math.abs(kernel.term(a[i], b[i]));
        }
        // n roundings of half a unit in the last place each, in whatever order; below that, of half the least float.
        double bound = (n + 4) * 0x1p-24 * magnitude + n * (double) Float.MIN_VALUE;
        MemorySegment aRow = rowAtTheEnd(a, aOffset);
        MemorySegment bRow = rowAtTheEnd(b, bOffset);
        float scalar = kernel.scalar(aRow, aOffset, bRow, bOffset, n);
        float vector = kernel.vector(aRow, aOffset, bRow, bOffset, n);
        if (!(Math.abs(scalar - exact) <= bound) || !(Math.abs(vector - exact) <= bound)) {
            throw new AssertionError(kernel + " n=" + n + " offsets " + aOffset + ", " + bOffset + ": exact " + exact
                    + " +- " + bound + ", scalar " + scalar + ", vector " + vector);
        }
        return vector;
    }
}
