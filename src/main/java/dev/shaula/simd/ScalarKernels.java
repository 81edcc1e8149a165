package dev.shaula.simd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The scalar twins of {@link FloatKernels} and {@link CodeKernels}: the oracle of their tests, and the tail of rows that are not padded. */
public final class ScalarKernels {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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

    /** As {@link CodeKernels#byteDot}, of a query that is not packed. */
    public static int byteDot(MemorySegment row, long rowAt, byte[] query, int n) {
        int sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Byte.toUnsignedInt(row.get(ValueLayout.JAVA_BYTE, rowAt + i)) * query[i];
        }
        return sum;
    }

    /** As {@link CodeKernels#byteRowsDot}. */
    public static int byteRowsDot(MemorySegment a, long aAt, MemorySegment b, long bAt, int n) {
        int sum = 0;
        for (int i = 0; i < n; i++) {
            int q = Byte.toUnsignedInt(b.get(ValueLayout.JAVA_BYTE, bAt + i)) >>> 1;
            sum += Byte.toUnsignedInt(a.get(ValueLayout.JAVA_BYTE, aAt + i)) * q;
        }
        return sum;
    }

    /** As {@link CodeKernels#nibbleDot}, of a query that is not packed. */
    public static int nibbleDot(MemorySegment row, long rowAt, byte[] query, int n) {
        int sum = 0;
        for (int i = 0; i < n; i++) {
            sum += nibble(row, rowAt, i) * query[i];
        }
        return sum;
    }

    /** As {@link CodeKernels#nibbleRowsDot}. */
    public static int nibbleRowsDot(MemorySegment a, long aAt, MemorySegment b, long bAt, int n) {
        int sum = 0;
        for (int i = 0; i < n; i++) {
            sum += nibble(a, aAt, i) * nibble(b, bAt, i);
        }
        return sum;
    }

    private static int nibble(MemorySegment row, long at, int i) {
        return (row.get(ValueLayout.JAVA_BYTE, at + i / 2) >>> (4 * (i % 2))) & 0xf;
    }

    /** As {@link CodeKernels#bitDot}, of {@code n} codes of a query that does not lie in planes. */
    public static int bitDot(MemorySegment row, long rowAt, byte[] query, int n) {
        int sum = 0;
        for (int i = 0; i < n; i++) {
            int bit = row.get(ValueLayout.JAVA_BYTE, rowAt + i / 8) >>> (i % 8) & 1;
            sum += bit * query[i];
        }
        return sum;
    }
}
