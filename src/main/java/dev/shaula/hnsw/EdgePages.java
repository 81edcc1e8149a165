package dev.shaula.hnsw;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Records of a fixed number of ints in pages of {@value #PAGE_RECORDS}, copied when first written after a
 * {@link #publish}. A page is 8 KiB at {@code m = 16}: a batch of 100 inserts touches about 1,600 targets, most on pages
 * of their own, and so copies 13 MB in a few milliseconds beside some 50 ms of linking; larger batches touch pages
 * more than once and copy less for each insert.
 *
 * <p>Written by one thread at a time, except that different threads may write to different pages between
 * {@link #append} and {@link #publish}.
 */
final class EdgePages {
    private static final int SHIFT = 6;
    static final int PAGE_RECORDS = 1 << SHIFT;
    private static final int MASK = PAGE_RECORDS - 1;

    private final int stride;
    private int[][] pages;
    private int records;
    private boolean tableShared = true;
    private BitSet owned = new BitSet();

    EdgePages(View start) {
        this.stride = start.stride;
        this.pages = start.pages;
        this.records = start.records;
    }

    /** Adds {@code n} records full of {@link HnswGraph#NONE}; returns the index of the first. */
    int append(int n) {
        int first = records;
        int pagesNeeded = (first + n + MASK) >>> SHIFT;
        // The last page may have free records of which no view knows; they are NONE already, but not ours to write.
        if (pagesNeeded > pages.length) {
            int had = pages.length;
            pages = Arrays.copyOf(pages, pagesNeeded);
            tableShared = false;
            for (int p = had; p < pagesNeeded; p++) {
                pages[p] = new int[stride * PAGE_RECORDS];
                Arrays.fill(pages[p], HnswGraph.NONE);
                owned.set(p);
            }
        }
        records += n;
        return first;
    }

    /** Makes a page writable; afterwards {@link #page} returns the private copy. For one thread only. */
    void own(int pageIndex) {
        if (owned.get(pageIndex)) {
            return;
        }
        if (tableShared) {
            pages = pages.clone();
            tableShared = false;
        }
        pages[pageIndex] = pages[pageIndex].clone();
        owned.set(pageIndex);
    }

    /** The page of a record, to be written to only after {@link #own}. */
    int[] page(int record) {
        return pages[record >>> SHIFT];
    }

    int offset(int record) {
        return (record & MASK) * stride;
    }

    /** Most neighbours of a record whose first {@code skip} ints are something else. */
    int capacity(int skip) {
        return stride - skip;
    }

    /** Neighbours of a record. For the methods below, too: one thread only. */
    int count(int record, int skip) {
        int[] page = page(record);
        int from = offset(record) + skip;
        int n = 0;
        while (n < capacity(skip) && page[from + n] != HnswGraph.NONE) {
            n++;
        }
        return n;
    }

    int[] read(int record, int skip) {
        int from = offset(record) + skip;
        return Arrays.copyOfRange(page(record), from, from + count(record, skip));
    }

    boolean contains(int record, int skip, int neighbour) {
        int[] page = page(record);
        int end = offset(record) + stride;
        for (int i = offset(record) + skip; i < end && page[i] != HnswGraph.NONE; i++) {
            if (page[i] == neighbour) {
                return true;
            }
        }
        return false;
    }

    /** Replaces all neighbours of a record. */
    void write(int record, int skip, int[] neighbours) {
        own(pageIndex(record));
        int[] page = page(record);
        int from = offset(record) + skip;
        System.arraycopy(neighbours, 0, page, from, neighbours.length);
        Arrays.fill(page, from + neighbours.length, from + capacity(skip), HnswGraph.NONE);
    }

    /** Adds a neighbour behind the others; false if there is no room, or it is one already. */
    boolean addIfRoom(int record, int skip, int neighbour) {
        int n = count(record, skip);
        if (n == capacity(skip) || contains(record, skip, neighbour)) {
            return false;
        }
        own(pageIndex(record));
        page(record)[offset(record) + skip + n] = neighbour;
        return true;
    }

    static int pageIndex(int record) {
        return record >>> SHIFT;
    }

    /** What is there now, still writable by the owner of this object: for reading between two steps of a batch. */
    View peek() {
        return new View(stride, pages, records);
    }

    /** What is there now, never to change: the next write copies. */
    View publish() {
        tableShared = true;
        owned = new BitSet();
        return peek();
    }

    /** Pages as a graph holds them. */
    static final class View {
        private final int stride;
        private final int[][] pages;
        private final int records;

        private View(int stride, int[][] pages, int records) {
            this.stride = stride;
            this.pages = pages;
            this.records = records;
        }

        static View empty(int stride) {
            return new View(stride, new int[0][], 0);
        }

        int stride() {
            return stride;
        }

        int records() {
            return records;
        }

        int[] page(int record) {
            return pages[record >>> SHIFT];
        }

        int offset(int record) {
            return (record & MASK) * stride;
        }

        long memoryBytes() {
            return 4L * stride * PAGE_RECORDS * pages.length;
        }
    }
}
