package dev.shaula.payload;

/**
 * An order of rows by the value of a field: the least of a list where small comes first, the greatest where great does;
 * rows without a value of the index's kind come last either way. Immutable; any thread may read.
 */
public interface RowOrder {

    /** Below, above or 0 as one row comes before or after another, or their values are equal. */
    int compare(int a, int b);

    /**
     * Bytes whose unsigned order is that of {@link #compare}, also beside those of another shard, and whatever bytes
     * follow: none begins with another.
     */
    byte[] key(int row);

    /** Heap that it holds, apart from the index. */
    long heapBytes();
}
