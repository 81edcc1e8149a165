package dev.shaula.shard;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import java.io.IOException;
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

    /** Number of live rows below {@code end}, which is near to the number of rows. */
    int countBelow(int end) {
        int n = count;
        for (int i = end; i < rows; i++) {
            n -= isLive(i) ? 1 : 0;
        }
        return n;
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

    void writeTo(LittleEndianOutput out) throws IOException {
        out.writeInt(count);
        if (count < rows) {
            for (long word : toBitmap()) {
                out.writeLong(word);
            }
        }
    }

    /** Reads what {@link #writeTo} wrote of {@code rows} rows. */
    static LiveRows readFrom(LittleEndianInput in, int rows) throws IOException {
        int count = in.readInt("live rows", 0, rows);
        if (count == rows) {
            return new LiveRows(null, rows, rows);
        }
        long[] bits = new long[0];
        int found = 0;
        // Grows with what is really there, as the number of rows has not been confirmed by anything yet.
        for (int w = 0; w < (rows + 63) >>> 6; w++) {
            bits = w == bits.length ? Arrays.copyOf(bits, Math.max(64, 2 * w)) : bits;
            bits[w] = in.readLong();
            found += Long.bitCount(bits[w]);
        }
        if (found != count) {
            throw new IOException("live rows: expected " + count + ", found " + found);
        }
        return new LiveRows(Arrays.copyOf(bits, (rows + 63) >>> 6), rows, count);
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
