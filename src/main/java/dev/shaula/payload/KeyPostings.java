package dev.shaula.payload;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.OrdinalMap;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/**
 * Rows in the order of a 64-bit key: a number, a moment, a truth value, or a latitude with its longitude beside it. A
 * range of keys is a range of the arrays; 12 bytes a value, 20 with longitudes.
 *
 * <p>The rows of a range come in the order of their keys, and would have to be sorted. So there are marks at every
 * sixteenth of the arrays, each with the bitmap of all rows before it, some 2 bytes a row more: a range is what one such bitmap has
 * and another has not, 64 rows an instruction, and single bits for the values between its ends and the nearest marks, a
 * thirty-second of all at most at each end. Where a row has several values, what lies before a mark may lie behind it as
 * well; then each bitmap has the rows between two marks only, and a range is the union of those that lie in it.
 */
final class KeyPostings implements Postings {
    private static final int BLOCKS = 16;
    /** Below this many values, single bits cost less than blocks are worth. */
    private static final int FEWEST_FOR_BLOCKS = 2_048;

    private final long[] keys;
    private final int[] rows;
    /** Beside each key, or empty. */
    private final double[] lons;
    /** Rows of each block, as bits from {@link #firstWord} on, {@link #words} longs a block; empty if there are few rows. */
    private final long[] blocks;
    /** Whether a block has the rows of those before it too: only if no row has two values. */
    private final boolean cumulative;

    private final int firstWord;
    private final int words;

    /** A value in a row. */
    record Entry(long key, double lon, int row) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            int byKey = Long.compare(key, other.key);
            return byKey != 0 ? byKey : Integer.compare(row, other.row);
        }
    }

    /** @param rows beside each key */
    private KeyPostings(long[] keys, int[] rows, double[] lons) {
        this.keys = keys;
        this.rows = rows;
        this.lons = lons;
        boolean many = keys.length >= FEWEST_FOR_BLOCKS;
        int least = many ? Arrays.stream(rows).min().orElse(0) : 0;
        int most = many ? Arrays.stream(rows).max().orElse(0) : 0;
        this.firstWord = least >>> 6;
        this.words = (most >>> 6) + 1 - firstWord;
        // Many values in few rows, or few over a wide range: then blocks would take more room than the values.
        this.blocks = many && words <= keys.length / 8 ? new long[BLOCKS * words] : new long[0];
        for (int i = 0; blocks.length > 0 && i < rows.length; i++) {
            blocks[blockOf(i) * words + (rows[i] >>> 6) - firstWord] |= 1L << rows[i];
        }
        this.cumulative = cumulate();
    }

    /** Adds to each block those before it, if no row is in two of them or twice in one. */
    private boolean cumulate() {
        if (Arrays.stream(blocks).mapToInt(Long::bitCount).sum() != keys.length || !isEachRowInOne()) {
            return false;
        }
        for (int i = words; i < blocks.length; i++) {
            blocks[i] |= blocks[i - words];
        }
        return true;
    }

    private boolean isEachRowInOne() {
        for (int w = 0; w < words; w++) {
            long before = 0;
            for (int i = w; i < blocks.length; i += words) {
                if ((before & blocks[i]) != 0) {
                    return false;
                }
                before |= blocks[i];
            }
        }
        return true;
    }

    @Override
    public void writeTo(LittleEndianOutput out) throws IOException {
        IndexFormat.write(out, keys);
        IndexFormat.write(out, rows, rows.length);
        IndexFormat.write(
                out, Arrays.stream(lons).mapToLong(Double::doubleToRawLongBits).toArray());
    }

    /** As {@link #writeTo} left it; blocks are made anew. */
    static KeyPostings readFrom(LittleEndianInput in) throws IOException {
        long[] keys = IndexFormat.readLongs(in);
        int[] rows = IndexFormat.readInts(in);
        double[] lons = Arrays.stream(IndexFormat.readLongs(in))
                .mapToDouble(Double::longBitsToDouble)
                .toArray();
        IndexFormat.check(rows.length == keys.length, "expected a row for each key");
        IndexFormat.check(lons.length == 0 || lons.length == keys.length, "expected no longitudes or one for each key");
        return new KeyPostings(keys, rows, lons);
    }

    private int blockOf(int i) {
        return (int) ((long) i * BLOCKS / keys.length);
    }

    /** The first value of a block. */
    private int blockStart(int block) {
        return (int) (((long) block * keys.length + BLOCKS - 1) / BLOCKS);
    }

    /** Sorts {@code entries} in place. */
    static KeyPostings of(List<Entry> entries, boolean places) {
        entries.sort(null);
        int n = entries.size();
        long[] keys = new long[n];
        int[] rows = new int[n];
        double[] lons = new double[places ? n : 0];
        for (int i = 0; i < n; i++) {
            keys[i] = entries.get(i).key();
            rows[i] = entries.get(i).row();
            if (places) {
                lons[i] = entries.get(i).lon();
            }
        }
        return new KeyPostings(keys, rows, lons);
    }

    /** A key that orders as numbers do, both zeros alike. */
    static long keyOf(double number) {
        long bits = Double.doubleToLongBits(number + 0.0);
        return bits ^ ((bits >> 63) & Long.MAX_VALUE);
    }

    /** The number behind a key of {@link #keyOf}. */
    static double numberOf(long key) {
        return Double.longBitsToDouble(key ^ ((key >> 63) & Long.MAX_VALUE));
    }

    /** The first value whose key is not below {@code least}; their number if all are. */
    int from(long least) {
        return least == Long.MIN_VALUE ? 0 : firstNotBelow(least);
    }

    /** The end of the values whose key is at most {@code most}. */
    int to(long most) {
        return most == Long.MAX_VALUE ? keys.length : firstNotBelow(most + 1);
    }

    /** Copies the rows of the values {@code from .. to - 1} to {@code out}, in no order, some perhaps twice. */
    void copyRows(int from, int to, int[] out, int at) {
        System.arraycopy(rows, from, out, at, to - from);
    }

    /** Sets the bits of the rows of the values {@code from .. to - 1}, none of which may be set yet. */
    void addRows(int from, int to, long[] bits) {
        if (blocks.length == 0 || to - from <= words) {
            setEach(from, to, bits);
        } else if (cumulative) {
            addDifference(from, to, bits);
        } else {
            addUnion(from, to, bits);
        }
    }

    private void setEach(int from, int to, long[] bits) {
        for (int i = from; i < to; i++) {
            bits[rows[i] >>> 6] |= 1L << rows[i];
        }
    }

    private void addDifference(int from, int to, long[] bits) {
        flipBefore(nearestMark(from), bits);
        flipBefore(nearestMark(to), bits);
        flipEach(from, blockStart(nearestMark(from)), bits);
        flipEach(to, blockStart(nearestMark(to)), bits);
    }

    /** The block, {@value #BLOCKS} for the end, that begins nearest to a value. */
    private int nearestMark(int value) {
        int mark = (int) (((long) value * BLOCKS + keys.length / 2) / keys.length);
        return Math.min(mark, BLOCKS);
    }

    private void flipBefore(int mark, long[] bits) {
        for (int w = 0, at = (mark - 1) * words; mark > 0 && w < words; w++, at++) {
            bits[firstWord + w] ^= blocks[at];
        }
    }

    /** Flips the rows of the values from the lesser of two to before the greater. */
    private void flipEach(int a, int b, long[] bits) {
        for (int i = Math.min(a, b), end = Math.max(a, b); i < end; i++) {
            bits[rows[i] >>> 6] ^= 1L << rows[i];
        }
    }

    private void addUnion(int from, int to, long[] bits) {
        int first = from == 0 ? 0 : blockOf(from - 1) + 1;
        int last = to == keys.length ? BLOCKS : blockOf(to);
        for (int block = first; block < last; block++) {
            for (int w = 0, at = block * words; w < words; w++, at++) {
                bits[firstWord + w] |= blocks[at];
            }
        }
        setEach(from, first < last ? blockStart(first) : to, bits);
        setEach(first < last ? blockStart(last) : to, to, bits);
    }

    /** The rows with a place in the area; keys are latitudes. */
    RoaringBitmap rows(Area area) {
        int from = firstNotBelow(keyOf(Math.max(-90, area.south())));
        int[] found = new int[16];
        int n = 0;
        for (int i = from; i < keys.length; i++) {
            double lat = numberOf(keys[i]);
            if (lat > area.north()) {
                break;
            }
            if (area.contains(lat, lons[i])) {
                found = n == found.length ? Arrays.copyOf(found, 2 * n) : found;
                found[n++] = rows[i];
            }
        }
        return RoaringBitmap.bitmapOfUnordered(Arrays.copyOf(found, n));
    }

    private int firstNotBelow(long key) {
        int low = 0;
        int high = keys.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (keys[middle] < key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    @Override
    public Postings merge(Postings next) {
        KeyPostings other = (KeyPostings) next;
        int n = keys.length + other.keys.length;
        boolean places = lons.length + other.lons.length > 0;
        long[] allKeys = new long[n];
        int[] allRows = new int[n];
        double[] allLons = new double[places ? n : 0];
        int a = 0;
        int b = 0;
        for (int i = 0; i < n; i++) {
            boolean mine = b == other.keys.length || (a < keys.length && keys[a] <= other.keys[b]);
            KeyPostings source = mine ? this : other;
            int at = mine ? a++ : b++;
            allKeys[i] = source.keys[at];
            allRows[i] = source.rows[at];
            if (places) {
                allLons[i] = source.lons[at];
            }
        }
        return new KeyPostings(allKeys, allRows, allLons);
    }

    @Override
    public Postings moved(OrdinalMap map) {
        long[] newKeys = new long[keys.length];
        int[] newRows = new int[keys.length];
        double[] newLons = new double[lons.length];
        int n = 0;
        for (int i = 0; i < keys.length; i++) {
            int row = map.newOrdinal(rows[i]);
            if (row != OrdinalMap.DROPPED) {
                newKeys[n] = keys[i];
                newRows[n] = row;
                if (lons.length > 0) {
                    newLons[n] = lons[i];
                }
                n++;
            }
        }
        return new KeyPostings(
                Arrays.copyOf(newKeys, n),
                Arrays.copyOf(newRows, n),
                Arrays.copyOf(newLons, Math.min(n, newLons.length)));
    }

    @Override
    public void forEachValue(Visitor visitor) {
        int[] same = new int[16];
        for (int from = 0, to; from < keys.length; from = to) {
            to = from + 1;
            while (to < keys.length && keys[to] == keys[from]) {
                to++;
            }
            same = same.length < to - from ? new int[Math.max(to - from, 2 * same.length)] : same;
            System.arraycopy(rows, from, same, 0, to - from);
            visitor.visit(from, same, to - from);
        }
    }

    long key(int value) {
        return keys[value];
    }

    @Override
    public long heapBytes() {
        return 120L + 8L * keys.length + 4L * rows.length + 8L * lons.length + 8L * blocks.length;
    }
}
