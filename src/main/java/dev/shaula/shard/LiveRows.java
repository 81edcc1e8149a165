package dev.shaula.shard;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which rows of a snapshot are live. Without a tombstone there is no bitmap at all, so that searches of a collection
 * that only grows test nothing.
 *
 * @param bits bit set for a live row; null if all are live
 * @param rows number of rows, live or not
 * @param count number of live rows
 */
record LiveRows(long @Nullable [] bits, int rows, int count) {
    static final LiveRows NONE = new LiveRows(null, 0, 0);

    boolean isLive(int ordinal) {
        return bits == null || (bits[ordinal >>> 6] & (1L << ordinal)) != 0;
    }

    /** The rows after a batch: new ones live, those in {@code dead[0 .. deadCount - 1]}, live until now, not. */
    LiveRows next(int newRows, int[] dead, int deadCount) {
        if (bits == null && deadCount == 0) {
            return new LiveRows(null, newRows, newRows);
        }
        long[] next = bits == null ? allSet(rows) : bits;
        next = Arrays.copyOf(next, (newRows + 63) >>> 6);
        for (int i = rows; i < newRows; i++) {
            next[i >>> 6] |= 1L << i;
        }
        for (int i = 0; i < deadCount; i++) {
            assert (next[dead[i] >>> 6] & (1L << dead[i])) != 0 : dead[i];
            next[dead[i] >>> 6] &= ~(1L << dead[i]);
        }
        return new LiveRows(next, newRows, count + newRows - rows - deadCount);
    }

    /** A bitmap of the live rows that the caller may change. */
    long[] toBitmap() {
        return bits == null ? allSet(rows) : bits.clone();
    }

    private static long[] allSet(int n) {
        long[] bits = new long[(n + 63) >>> 6];
        Arrays.fill(bits, -1L);
        if ((n & 63) != 0) {
            bits[bits.length - 1] = (1L << n) - 1;
        }
        return bits;
    }
}
