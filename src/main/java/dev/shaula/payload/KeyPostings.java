package dev.shaula.payload;

import java.util.Arrays;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/**
 * Rows in the order of a 64-bit key: a number, a moment, a truth value, or a latitude with its longitude beside it. A
 * range of keys is a range of the arrays; 12 bytes a value, 20 with longitudes.
 */
final class KeyPostings implements Postings {
    private final long[] keys;
    private final int[] rows;
    /** Beside each key, or empty. */
    private final double[] lons;

    /** A value in a row. */
    record Entry(long key, double lon, int row) implements Comparable<Entry> {
        @Override
        public int compareTo(Entry other) {
            int byKey = Long.compare(key, other.key);
            return byKey != 0 ? byKey : Integer.compare(row, other.row);
        }
    }

    private KeyPostings(long[] keys, int[] rows, double[] lons) {
        this.keys = keys;
        this.rows = rows;
        this.lons = lons;
    }

    /** Sorts {@code entries} in place. */
    static KeyPostings of(List<Entry> entries, boolean places) {
        entries.sort(null);
        int n = entries.size();
        KeyPostings made = new KeyPostings(new long[n], new int[n], new double[places ? n : 0]);
        for (int i = 0; i < n; i++) {
            made.keys[i] = entries.get(i).key();
            made.rows[i] = entries.get(i).row();
            if (places) {
                made.lons[i] = entries.get(i).lon();
            }
        }
        return made;
    }

    /** A key that orders as numbers do, both zeros alike. */
    static long keyOf(double number) {
        long bits = Double.doubleToLongBits(number + 0.0);
        return bits ^ ((bits >> 63) & Long.MAX_VALUE);
    }

    private static double numberOf(long key) {
        return Double.longBitsToDouble(key ^ ((key >> 63) & Long.MAX_VALUE));
    }

    /** The rows with a key from {@code least} to {@code most}, both included. */
    RoaringBitmap rows(long least, long most) {
        if (least > most) {
            return new RoaringBitmap();
        }
        int from = firstNotBelow(least);
        int to = most == Long.MAX_VALUE ? keys.length : firstNotBelow(most + 1);
        return RoaringBitmap.bitmapOfUnordered(Arrays.copyOfRange(rows, from, to));
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
        KeyPostings out = new KeyPostings(new long[n], new int[n], new double[places ? n : 0]);
        int a = 0;
        int b = 0;
        for (int i = 0; i < n; i++) {
            boolean mine = b == other.keys.length || (a < keys.length && keys[a] <= other.keys[b]);
            KeyPostings source = mine ? this : other;
            int at = mine ? a++ : b++;
            out.keys[i] = source.keys[at];
            out.rows[i] = source.rows[at];
            if (places) {
                out.lons[i] = source.lons[at];
            }
        }
        return out;
    }

    @Override
    public long heapBytes() {
        return 96L + 8L * keys.length + 4L * rows.length + 8L * lons.length;
    }
}
