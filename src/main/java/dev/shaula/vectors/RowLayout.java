package dev.shaula.vectors;

import dev.shaula.memory.NativeMemory;
import dev.shaula.simd.FloatKernels;

/**
 * How one float32 row lies in memory: {@code d} floats as the caller gave them, zeros up to a multiple of 16, then one
 * cache line whose first float is the row's scale (the inverse Euclidean length). The scale rides in the row because
 * an array of its own would cost a second cache miss for every distance.
 *
 * @param dimensions {@code d}
 * @param paddedDimensions {@code d} rounded up to {@link FloatKernels#ROW_MULTIPLE}: what kernels read
 * @param strideBytes from row to row, a multiple of 64
 * @param chunkShift log2 of the rows of a chunk
 */
record RowLayout(int dimensions, int paddedDimensions, int strideBytes, int chunkShift) {
    /** Large enough that a huge page fits twice, small enough that the last, partly used one does not hurt. */
    private static final long CHUNK_BYTES = 4L << 20;

    static RowLayout of(int dimensions) {
        int padded =
                (dimensions + FloatKernels.ROW_MULTIPLE - 1) / FloatKernels.ROW_MULTIPLE * FloatKernels.ROW_MULTIPLE;
        int stride = 4 * padded + NativeMemory.ALIGNMENT;
        int shift = 0;
        while (((long) stride << shift) < CHUNK_BYTES) {
            shift++;
        }
        return new RowLayout(dimensions, padded, stride, shift);
    }

    long chunkBytes() {
        return (long) strideBytes << chunkShift;
    }

    int chunkOf(int ordinal) {
        return ordinal >>> chunkShift;
    }

    long offsetOf(int ordinal) {
        return (long) (ordinal & ((1 << chunkShift) - 1)) * strideBytes;
    }

    long scaleOffset() {
        return 4L * paddedDimensions;
    }
}
