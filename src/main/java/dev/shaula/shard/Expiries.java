package dev.shaula.shard;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.Expiry;
import dev.shaula.model.OrdinalMap;
import java.io.IOException;
import java.util.Arrays;

/**
 * When rows expire: a column of moments, 0 for never, and the first moment of each of its pages, so that what has expired
 * is found without looking at what has not. Immutable. Dead rows have none.
 *
 * @param times milliseconds since 1970
 * @param first for each page the least of its moments, {@link Expiry#NEVER_MS} if it has none; empty if none has
 */
record Expiries(LongColumn times, long[] first) {
    static final Expiries NONE = new Expiries(LongColumn.EMPTY, new long[0]);

    static Expiries of(LongColumn times) {
        long[] first = new long[0];
        if (!times.isZero()) {
            first = new long[pagesOf(times.count())];
            for (int page = 0; page < first.length; page++) {
                first[page] = firstOf(times, page);
            }
        }
        return new Expiries(times, first);
    }

    private static int pagesOf(int rows) {
        return (rows + LongColumn.PAGE_ROWS - 1) >>> LongColumn.PAGE_SHIFT;
    }

    private static long firstOf(LongColumn times, int page) {
        long first = Expiry.NEVER_MS;
        if (!times.isZero(page)) {
            int from = page << LongColumn.PAGE_SHIFT;
            int to = Math.min(times.count(), from + LongColumn.PAGE_ROWS);
            for (int row = from; row < to; row++) {
                long time = times.get(row);
                first = time == 0 ? first : Math.min(first, time);
            }
        }
        return first;
    }

    /** {@link Expiry#NEVER_MS} for never. */
    long get(int row) {
        long time = times.get(row);
        return time == 0 ? Expiry.NEVER_MS : time;
    }

    /** The first moment at which a row expires; {@link Expiry#NEVER_MS} if none does. */
    long next() {
        long next = Expiry.NEVER_MS;
        for (long time : first) {
            next = Math.min(next, time);
        }
        return next;
    }

    /** The first moment after {@code nowMs} at which a row expires; {@link Expiry#NEVER_MS} if none does. */
    long nextAfter(long nowMs) {
        long next = Expiry.NEVER_MS;
        for (int page = 0; page < first.length; page++) {
            if (first[page] > nowMs) {
                next = Math.min(next, first[page]);
            } else {
                int from = page << LongColumn.PAGE_SHIFT;
                for (int row = from; row < Math.min(times.count(), from + LongColumn.PAGE_ROWS); row++) {
                    long time = get(row);
                    next = time > nowMs ? Math.min(next, time) : next;
                }
            }
        }
        return next;
    }

    /** The first {@code most} rows that have expired by {@code nowMs}, ascending. */
    int[] expired(long nowMs, int most) {
        int[] rows = new int[16];
        int n = 0;
        for (int page = 0; page < first.length && n < most; page++) {
            int from = page << LongColumn.PAGE_SHIFT;
            int to = first[page] > nowMs ? from : Math.min(times.count(), from + LongColumn.PAGE_ROWS);
            for (int row = from; row < to && n < most; row++) {
                if (get(row) <= nowMs) {
                    rows = n == rows.length ? Arrays.copyOf(rows, 2 * n) : rows;
                    rows[n++] = row;
                }
            }
        }
        return Arrays.copyOf(rows, n);
    }

    long heapBytes() {
        return times.heapBytes() + 8L * first.length;
    }

    Expiries moved(OrdinalMap map) {
        return of(times.moved(map));
    }

    Expiries moved(OrdinalMap map, Expiries older, Expiries olderMoved) {
        return of(times.moved(map, older.times, olderMoved.times));
    }

    void writeTo(LittleEndianOutput out) throws IOException {
        boolean some = first.length > 0;
        out.writeInt(some ? 1 : 0);
        if (some) {
            times.writeTo(out);
        }
    }

    /** Reads what {@link #writeTo} wrote of {@code rows} rows. */
    static Expiries readFrom(LittleEndianInput in, int rows) throws IOException {
        boolean some = in.readInt("whether rows expire", 0, 1) == 1;
        return of(some ? LongColumn.readFrom(in, rows) : LongColumn.zeros(rows));
    }

    Editor edit() {
        return new Editor(this);
    }

    /** Makes the next moments. For one thread, once. */
    static final class Editor {
        private final LongColumn.Editor times;
        private long[] first;
        private boolean ownsFirst;
        private int count;

        private Editor(Expiries before) {
            this.times = before.times.edit();
            this.first = before.first;
            this.count = before.times.count();
        }

        void add(long expiresAtMs) {
            boolean expires = expiresAtMs != Expiry.NEVER_MS;
            times.add(expires ? expiresAtMs : 0);
            if (expires) {
                lower(count, expiresAtMs);
            }
            count++;
        }

        void set(int row, long expiresAtMs) {
            long before = times.get(row);
            long after = expiresAtMs == Expiry.NEVER_MS ? 0 : expiresAtMs;
            if (before == after) {
                return;
            }
            times.set(row, after);
            if (after != 0) {
                lower(row, after);
            }
            if (before != 0 && first[row >>> LongColumn.PAGE_SHIFT] == before) {
                findFirst(row >>> LongColumn.PAGE_SHIFT);
            }
        }

        private void lower(int row, long time) {
            int page = row >>> LongColumn.PAGE_SHIFT;
            own(page + 1);
            first[page] = Math.min(first[page], time);
        }

        private void findFirst(int page) {
            own(page + 1);
            int from = page << LongColumn.PAGE_SHIFT;
            long least = Expiry.NEVER_MS;
            for (int row = from; row < Math.min(count, from + LongColumn.PAGE_ROWS); row++) {
                long time = times.get(row);
                least = time == 0 ? least : Math.min(least, time);
            }
            first[page] = least;
        }

        private void own(int pages) {
            if (!ownsFirst || pages > first.length) {
                int had = first.length;
                first = Arrays.copyOf(first, Math.max(pages, had));
                Arrays.fill(first, had, first.length, Expiry.NEVER_MS);
                ownsFirst = true;
            }
        }

        Expiries done() {
            return new Expiries(times.done(), first);
        }
    }
}
