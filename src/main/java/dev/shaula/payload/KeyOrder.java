package dev.shaula.payload;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/** Rows by a 64-bit key. */
final class KeyOrder implements RowOrder {
    /** No key: {@link KeyPostings} has none so small. */
    private static final long NONE = Long.MIN_VALUE;

    private final long[] keys;
    private final boolean descending;

    KeyOrder(List<IndexSegment> segments, int rows, boolean descending) {
        this.descending = descending;
        keys = new long[rows];
        Arrays.fill(keys, NONE);
        for (IndexSegment segment : segments) {
            KeyPostings postings = (KeyPostings) segment.postings();
            postings.forEachValue((value, found, n) -> {
                for (int i = 0; i < n; i++) {
                    if (descending || keys[found[i]] == NONE) {
                        keys[found[i]] = postings.key(value);
                    }
                }
            });
        }
    }

    @Override
    public int compare(int a, int b) {
        if (keys[a] == NONE || keys[b] == NONE) {
            return Boolean.compare(keys[a] == NONE, keys[b] == NONE);
        }
        return descending ? Long.compare(keys[b], keys[a]) : Long.compare(keys[a], keys[b]);
    }

    @Override
    public byte[] key(int row) {
        long key = keys[row] ^ Long.MIN_VALUE;
        return keys[row] == NONE
                ? new byte[] {1}
                : ByteBuffer.allocate(9)
                        .put((byte) 0)
                        .putLong(descending ? ~key : key)
                        .array();
    }

    @Override
    public long heapBytes() {
        return 64 + 8L * keys.length;
    }
}
