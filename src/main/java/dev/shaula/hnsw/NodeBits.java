package dev.shaula.hnsw;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A bit for each node or ordinal in words of 64; null stands for all. */
final class NodeBits {
    private NodeBits() {}

    static boolean isSet(long @Nullable [] bits, int i) {
        return bits == null || (bits[i >>> 6] & (1L << i)) != 0;
    }

    static void set(long[] bits, int i) {
        bits[i >>> 6] |= 1L << i;
    }

    /** Words for {@code n} bits. */
    static int words(int n) {
        return (n + 63) >>> 6;
    }

    /** Those of the first {@code n} that are in neither. */
    static long[] inNeither(long[] a, long[] b, int n) {
        long[] rest = new long[words(n)];
        for (int w = 0; w < rest.length; w++) {
            rest[w] = ~(a[w] | (w < b.length ? b[w] : 0));
        }
        if ((n & 63) != 0) {
            rest[rest.length - 1] &= (1L << n) - 1;
        }
        return rest;
    }

    /** The first set bit from {@code from} on, or {@code n} if none of the first {@code n} is. */
    static int next(long[] bits, int from, int n) {
        for (int w = from >>> 6; w < words(n); w++) {
            long word = w == from >>> 6 ? bits[w] & (-1L << from) : bits[w];
            if (word != 0) {
                return Math.min(n, (w << 6) + Long.numberOfTrailingZeros(word));
            }
        }
        return n;
    }

    static int count(long[] bits) {
        return Arrays.stream(bits).mapToInt(Long::bitCount).sum();
    }
}
