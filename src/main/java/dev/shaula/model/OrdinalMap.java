package dev.shaula.model;

/**
 * Where rows go when dead ones are dropped: those that stay move up and keep their order. Everything that lies beside
 * the rows (ids, graph, codes, bitmaps) is carried over by the same map. Immutable.
 */
public final class OrdinalMap {
    /** In place of an ordinal: the row is dropped. */
    public static final int DROPPED = -1;

    private final long[] dropped;
    /** Dropped rows in all words before each. */
    private final int[] droppedBefore;

    private final int rows;
    private final int droppedCount;

    /**
     * A map that drops rows.
     *
     * @param dropped bit set for each row to be dropped, for rows below {@code rows}; not copied
     * @param rows rows from here on all stay, however many there will be
     */
    public OrdinalMap(long[] dropped, int rows) {
        this.dropped = dropped;
        this.rows = rows;
        this.droppedBefore = new int[dropped.length];
        int n = 0;
        for (int w = 0; w < dropped.length; w++) {
            droppedBefore[w] = n;
            n += Long.bitCount(dropped[w]);
        }
        this.droppedCount = n;
    }

    /** How many rows are dropped. */
    public int droppedCount() {
        return droppedCount;
    }

    /** How many of the first {@code oldRows} rows stay. */
    public int staying(int oldRows) {
        return oldRows - (oldRows >= rows ? droppedCount : droppedBelow(oldRows));
    }

    private int droppedBelow(int ordinal) {
        int word = ordinal >>> 6;
        return droppedBefore[word] + Long.bitCount(dropped[word] & ((1L << ordinal) - 1));
    }

    /** The new ordinal of a row, or {@link #DROPPED}. */
    public int newOrdinal(int oldOrdinal) {
        if (oldOrdinal >= rows) {
            return oldOrdinal - droppedCount;
        }
        boolean drops = (dropped[oldOrdinal >>> 6] & (1L << oldOrdinal)) != 0;
        return drops ? DROPPED : oldOrdinal - droppedBelow(oldOrdinal);
    }

    /** A bitmap over old ordinals as one over new ordinals. */
    public long[] move(long[] oldBits, int oldRows) {
        long[] moved = new long[(staying(oldRows) + 63) >>> 6];
        for (int w = 0; w < oldBits.length; w++) {
            for (long word = oldBits[w]; word != 0; word &= word - 1) {
                int ordinal = newOrdinal((w << 6) + Long.numberOfTrailingZeros(word));
                if (ordinal != DROPPED) {
                    moved[ordinal >>> 6] |= 1L << ordinal;
                }
            }
        }
        return moved;
    }
}
