package dev.shaula.shard;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.OrdinalMap;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A number for each row as one snapshot sees it, 0 unless it was set: 8 bytes a row of pages of which some row's was, 8
 * bytes for {@value #PAGE_ROWS} rows of the others. Immutable; snapshots share pages, and a change copies those that it
 * touches. A number for a new row is written into the shared page, behind what any older snapshot looks at.
 *
 * @param pages one that nothing was set in is {@link #ZEROS}; may be longer than {@code count} takes
 * @param count rows
 */
record LongColumn(long[][] pages, int count) {
    static final int PAGE_SHIFT = 7;
    static final int PAGE_ROWS = 1 << PAGE_SHIFT;
    /** Stands for every page in which nothing was set. */
    private static final long[] ZEROS = new long[PAGE_ROWS];

    static final LongColumn EMPTY = new LongColumn(new long[0][], 0);

    long get(int row) {
        return pages[row >>> PAGE_SHIFT][row & (PAGE_ROWS - 1)];
    }

    /** Whether nothing was ever set in a page. */
    boolean isZero(int page) {
        return isSame(pages[page], ZEROS);
    }

    /** Whether nothing was ever set. */
    boolean isZero() {
        return IntStream.range(0, pages.length).allMatch(this::isZero);
    }

    @SuppressWarnings("ReferenceEquality") // a page that older columns share is replaced, never changed
    private static boolean isSame(long[] page, long[] other) {
        return page == other;
    }

    Editor edit() {
        return new Editor(this);
    }

    long heapBytes() {
        long bytes = 4L * pages.length;
        for (int page = 0; page < pages.length; page++) {
            bytes += isZero(page) ? 0 : 16 + 8 * PAGE_ROWS;
        }
        return bytes;
    }

    /** The column of the rows that stay. */
    LongColumn moved(OrdinalMap map) {
        Editor moved = EMPTY.edit();
        for (int row = 0; row < count; row++) {
            if (map.newOrdinal(row) != OrdinalMap.DROPPED) {
                moved.add(get(row));
            }
        }
        return moved.done();
    }

    /** What {@link #moved} would give, from what it gave of an older column: looks at the pages that changed only. */
    LongColumn moved(OrdinalMap map, LongColumn older, LongColumn olderMoved) {
        Editor moved = olderMoved.edit();
        for (int page = 0; page << PAGE_SHIFT < count; page++) {
            int from = page << PAGE_SHIFT;
            int to = Math.min(count, from + PAGE_ROWS);
            if (to > older.count || !isSame(pages[page], older.pages[page])) {
                move(map, from, to, moved);
            }
        }
        return moved.done();
    }

    private void move(OrdinalMap map, int from, int to, Editor moved) {
        for (int row = from; row < to; row++) {
            int ordinal = map.newOrdinal(row);
            if (ordinal >= moved.count) {
                moved.add(get(row));
            } else if (ordinal != OrdinalMap.DROPPED && moved.get(ordinal) != get(row)) {
                moved.set(ordinal, get(row));
            }
        }
    }

    void writeTo(LittleEndianOutput out) throws IOException {
        for (int row = 0; row < count; row++) {
            out.writeLong(get(row));
        }
    }

    /** Reads what {@link #writeTo} wrote of {@code rows} rows. */
    static LongColumn readFrom(LittleEndianInput in, int rows) throws IOException {
        // Grows with what is really there, as the number of rows has not been confirmed by anything yet.
        Editor read = EMPTY.edit();
        for (int row = 0; row < rows; row++) {
            read.add(in.readLong());
        }
        return read.done();
    }

    /** {@code rows} zeros. */
    static LongColumn zeros(int rows) {
        long[][] pages = new long[(rows + PAGE_ROWS - 1) >>> PAGE_SHIFT][];
        Arrays.fill(pages, ZEROS);
        return new LongColumn(pages, rows);
    }

    /** Makes the next column. For one thread, once. */
    static final class Editor {
        private final LongColumn before;
        private long[][] pages;
        private boolean ownsPages;
        private int count;

        private Editor(LongColumn before) {
            this.before = before;
            this.pages = before.pages;
            this.count = before.count;
        }

        long get(int row) {
            return pages[row >>> PAGE_SHIFT][row & (PAGE_ROWS - 1)];
        }

        /** The number of the next row. */
        void add(long value) {
            int at = count >>> PAGE_SHIFT;
            if (at == pages.length) {
                pages = Arrays.copyOf(pages, Math.max(8, at + (at >>> 1)));
                Arrays.fill(pages, at, pages.length, ZEROS);
                ownsPages = true;
            }
            if (value != 0) {
                if (isSame(pages[at], ZEROS)) {
                    // Seen through an older column, whose rows of this page are 0, it reads as before.
                    pages[at] = new long[PAGE_ROWS];
                }
                pages[at][count & (PAGE_ROWS - 1)] = value;
            }
            count++;
        }

        void set(int row, long value) {
            int at = row >>> PAGE_SHIFT;
            if (!ownsPages) {
                pages = pages.clone();
                ownsPages = true;
            }
            if (isSame(pages[at], ZEROS) || (at < before.pages.length && isSame(pages[at], before.pages[at]))) {
                pages[at] = pages[at].clone();
            }
            pages[at][row & (PAGE_ROWS - 1)] = value;
        }

        LongColumn done() {
            return new LongColumn(pages, count);
        }
    }
}
