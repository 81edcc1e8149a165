package dev.shaula.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The scalar twins of {@link FloatKernels}: the oracle of their tests, and the tail of rows that are not padded. */
public final class ScalarKernels {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private ScalarKernels() {}

    /** As {@link FloatKernels#dot}, in the order of the elements. */
    public static float dot(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
        float sum = 0;
        for (int i = 0; i < n; i++) {
            sum = Math.fma(a.get(FLOAT, aOffset + 4L * i), b.get(FLOAT, bOffset + 4L * i), sum);
        }
        return sum;
    }

    /** As {@link FloatKernels#squaredEuclidean}, in the order of the elements. */
    public static float squaredEuclidean(MemorySegment a, long aOffset, MemorySegment b, long bOffset, int n) {
        float sum = 0;
        for (int i = 0; i < n; i++) {
            float d = a.get(FLOAT, aOffset + 4L * i) - b.get(FLOAT, bOffset + 4L * i);
            sum = Math.fma(d, d, sum);
        }
        return sum;
    }
}
