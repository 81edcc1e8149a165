package dev.shaula.payload;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.OrdinalMap;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

/**
 * The rows of each of some terms, terms in order. Terms lie end to end in one array. The rows of a term are a slice of
 * another, or a bitmap if there are many of them: a field of a million different values costs 12 bytes a value besides
 * the values, one of two values two bitmaps.
 */
final class TermPostings implements Postings {
    /** From here on a bitmap takes less room than 4 bytes a row, or not much more. */
    private static final int DENSE = 64;

    private final byte[] bytes;
    /** Term {@code t} is {@code bytes[ends[t - 1] .. ends[t])}. */
    private final int[] ends;
    /** The rows of term {@code t} are {@code rows[rowEnds[t - 1] .. rowEnds[t])}, if it has no bitmap. */
    private final int[] rowEnds;

    private final int[] rows;
    private final @Nullable RoaringBitmap[] dense;

    /** A value in a row. */
    record Entry(byte[] term, int row) {
        static final Comparator<Entry> ORDER =
                Comparator.comparing(Entry::term, Arrays::compareUnsigned).thenComparingInt(Entry::row);
    }

    private TermPostings(byte[] bytes, int[] ends, int[] rowEnds, int[] rows, @Nullable RoaringBitmap[] dense) {
        this.bytes = bytes;
        this.ends = ends;
        this.rowEnds = rowEnds;
        this.rows = rows;
        this.dense = dense;
    }

    /** Sorts {@code entries} in place; of equal ones one counts. */
    static TermPostings of(List<Entry> entries) {
        entries.sort(Entry.ORDER);
        Writer out = new Writer(entries.size());
        int[] found = new int[entries.size()];
        for (int i = 0; i < entries.size(); ) {
            byte[] term = entries.get(i).term();
            int n = 0;
            for (; i < entries.size() && Arrays.equals(entries.get(i).term(), term); i++) {
                int row = entries.get(i).row();
                if (n == 0 || found[n - 1] != row) {
                    found[n++] = row;
                }
            }
            out.add(term, 0, term.length, found, 0, n);
        }
        return out.finish();
    }

    @Override
    public void writeTo(LittleEndianOutput out) throws IOException {
        IndexFormat.write(out, bytes);
        IndexFormat.write(out, ends, ends.length);
        IndexFormat.write(out, rowEnds, rowEnds.length);
        IndexFormat.write(out, rows, rows.length);
        int[] withBitmap =
                IntStream.range(0, count()).filter(t -> dense[t] != null).toArray();
        IndexFormat.write(out, withBitmap, withBitmap.length);
        for (int t : withBitmap) {
            IndexFormat.write(out, Objects.requireNonNull(dense[t]));
        }
    }

    /** As {@link #writeTo} left it. */
    static TermPostings readFrom(LittleEndianInput in) throws IOException {
        byte[] bytes = IndexFormat.readBytes(in);
        int[] ends = IndexFormat.readInts(in);
        int[] rowEnds = IndexFormat.readInts(in);
        int[] rows = IndexFormat.readInts(in);
        IndexFormat.check(ends.length == rowEnds.length, "expected rows for each term");
        IndexFormat.check(last(ends) == bytes.length, "expected terms to fill their bytes");
        IndexFormat.check(last(rowEnds) == rows.length, "expected terms to have all rows");
        @Nullable RoaringBitmap[] dense = new @Nullable RoaringBitmap[ends.length];
        for (int t : IndexFormat.readInts(in)) {
            IndexFormat.check(t >= 0 && t < ends.length, "expected a bitmap of a term");
            dense[t] = IndexFormat.readRows(in);
        }
        return new TermPostings(bytes, ends, rowEnds, rows, dense);
    }

    private static int last(int[] ends) {
        return ends.length == 0 ? 0 : ends[ends.length - 1];
    }

    private int count() {
        return ends.length;
    }

    private int start(int term) {
        return term == 0 ? 0 : ends[term - 1];
    }

    private int rowStart(int term) {
        return term == 0 ? 0 : rowEnds[term - 1];
    }

    /** The first term that is not less than {@code wanted}; their number if all are. */
    int ceiling(byte[] wanted) {
        int low = 0;
        int high = count();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (compare(middle, wanted) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** As {@link #ceiling}, but the first that is greater. */
    int higher(byte[] wanted) {
        int at = ceiling(wanted);
        return at < count() && compare(at, wanted) == 0 ? at + 1 : at;
    }

    private int compare(int term, byte[] wanted) {
        return Arrays.compareUnsigned(bytes, start(term), ends[term], wanted, 0, wanted.length);
    }

    /** The first term after {@code from} that does not begin so. */
    int endOfPrefix(int from, byte[] prefix) {
        int low = from;
        int high = count();
        while (low < high) {
            int middle = (low + high) >>> 1;
            int end = Math.min(ends[middle], start(middle) + prefix.length);
            if (Arrays.equals(bytes, start(middle), end, prefix, 0, prefix.length)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The rows of the terms {@code from .. to - 1}; what is returned may be shared and is not to be changed. */
    RoaringBitmap rows(int from, int to) {
        RoaringBitmap only = to - from == 1 ? dense[from] : null;
        if (only != null) {
            return only;
        }
        int[] slice = from >= to ? new int[0] : Arrays.copyOfRange(rows, rowStart(from), rowEnds[to - 1]);
        RoaringBitmap all = RoaringBitmap.bitmapOfUnordered(slice);
        for (int t = from; t < to; t++) {
            RoaringBitmap bitmap = dense[t];
            if (bitmap != null) {
                all.or(bitmap);
            }
        }
        return all;
    }

    /** The rows of a term, empty if it is not there. */
    RoaringBitmap rows(byte[] term) {
        int at = ceiling(term);
        return at < count() && compare(at, term) == 0 ? rows(at, at + 1) : new RoaringBitmap();
    }

    int termCount() {
        return count();
    }

    /** Term {@code t}, a copy. */
    byte[] term(int t) {
        return Arrays.copyOfRange(bytes, start(t), ends[t]);
    }

    @Override
    public Postings merge(Postings next) {
        TermPostings other = (TermPostings) next;
        Writer out = new Writer(count() + other.count());
        int a = 0;
        int b = 0;
        while (a < count() || b < other.count()) {
            int order = a == count() ? 1 : b == other.count() ? -1 : compare(a, other, b);
            if (order < 0) {
                out.add(this, a++);
            } else if (order > 0) {
                out.add(other, b++);
            } else {
                out.addBoth(this, a++, other, b++);
            }
        }
        return out.finish();
    }

    private int compare(int term, TermPostings other, int otherTerm) {
        return Arrays.compareUnsigned(
                bytes, start(term), ends[term], other.bytes, other.start(otherTerm), other.ends[otherTerm]);
    }

    @Override
    public Postings moved(OrdinalMap map) {
        Writer out = new Writer(count());
        int[] slice = new int[DENSE];
        for (int t = 0; t < count(); t++) {
            RoaringBitmap bitmap = dense[t];
            int[] found = bitmap == null ? slice : bitmap.toArray();
            int n = bitmap == null ? rowEnds[t] - rowStart(t) : found.length;
            int kept = 0;
            for (int i = 0; i < n; i++) {
                int row = map.newOrdinal(bitmap == null ? rows[rowStart(t) + i] : found[i]);
                if (row != OrdinalMap.DROPPED) {
                    found[kept++] = row;
                }
            }
            if (kept > 0) {
                out.add(bytes, start(t), ends[t], found, 0, kept);
            }
        }
        return out.finish();
    }

    @Override
    public void forEachValue(Visitor visitor) {
        int[] slice = new int[DENSE];
        for (int t = 0; t < count(); t++) {
            RoaringBitmap bitmap = dense[t];
            if (bitmap == null) {
                int n = rowEnds[t] - rowStart(t);
                System.arraycopy(rows, rowStart(t), slice, 0, n);
                visitor.visit(t, slice, n);
            } else {
                int[] all = bitmap.toArray();
                visitor.visit(t, all, all.length);
            }
        }
    }

    /** The order of a term here and one there. */
    static int compare(TermPostings a, int term, TermPostings b, int other) {
        return a.compare(term, b, other);
    }

    @Override
    public long heapBytes() {
        long all = 128L + bytes.length + 4L * ends.length + 4L * rowEnds.length + 4L * rows.length + 4L * dense.length;
        for (RoaringBitmap bitmap : dense) {
            all += bitmap == null ? 0 : 64 + bitmap.getLongSizeInBytes();
        }
        return all;
    }

    /** Terms come in order. */
    private static final class Writer {
        private byte[] bytes = new byte[64];
        private final int[] ends;
        private final int[] rowEnds;
        private int[] rows = new int[16];
        private final @Nullable RoaringBitmap[] dense;
        private int terms;
        private int end;
        private int rowEnd;

        Writer(int most) {
            ends = new int[most];
            rowEnds = new int[most];
            dense = new @Nullable RoaringBitmap[most];
        }

        void add(byte[] term, int from, int to, int[] found, int first, int last) {
            if (last - first >= DENSE) {
                add(term, from, to, bitmapOf(found, first, last));
                return;
            }
            rows = room(rows, rowEnd + last - first);
            System.arraycopy(found, first, rows, rowEnd, last - first);
            rowEnd += last - first;
            finishTerm(term, from, to, null);
        }

        private static RoaringBitmap bitmapOf(int[] found, int first, int last) {
            RoaringBitmap bitmap = new RoaringBitmap();
            bitmap.addN(found, first, last - first);
            return bitmap;
        }

        private void add(byte[] term, int from, int to, RoaringBitmap bitmap) {
            bitmap.runOptimize();
            finishTerm(term, from, to, bitmap);
        }

        private void finishTerm(byte[] term, int from, int to, @Nullable RoaringBitmap bitmap) {
            if (end + to - from > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(end + to - from, 2 * bytes.length));
            }
            System.arraycopy(term, from, bytes, end, to - from);
            end += to - from;
            ends[terms] = end;
            rowEnds[terms] = rowEnd;
            dense[terms++] = bitmap;
        }

        void add(TermPostings source, int t) {
            RoaringBitmap bitmap = source.dense[t];
            if (bitmap == null) {
                add(source.bytes, source.start(t), source.ends[t], source.rows, source.rowStart(t), source.rowEnds[t]);
            } else {
                finishTerm(source.bytes, source.start(t), source.ends[t], bitmap);
            }
        }

        void addBoth(TermPostings a, int t, TermPostings b, int u) {
            if (a.dense[t] == null && b.dense[u] == null) {
                int n = a.rowEnds[t] - a.rowStart(t);
                int[] both = Arrays.copyOfRange(a.rows, a.rowStart(t), a.rowEnds[t] + b.rowEnds[u] - b.rowStart(u));
                System.arraycopy(b.rows, b.rowStart(u), both, n, both.length - n);
                add(a.bytes, a.start(t), a.ends[t], both, 0, both.length);
            } else {
                add(a.bytes, a.start(t), a.ends[t], RoaringBitmap.or(a.rows(t, t + 1), b.rows(u, u + 1)));
            }
        }

        private static int[] room(int[] array, int size) {
            return size <= array.length ? array : Arrays.copyOf(array, Math.max(size, 2 * array.length));
        }

        TermPostings finish() {
            return new TermPostings(
                    Arrays.copyOf(bytes, end),
                    Arrays.copyOf(ends, terms),
                    Arrays.copyOf(rowEnds, terms),
                    Arrays.copyOf(rows, rowEnd),
                    Arrays.copyOf(dense, terms));
        }
    }
}
