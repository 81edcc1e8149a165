package dev.shaula.payload;

import dev.shaula.model.Filter.Value;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

/**
 * How many rows have each value of a field, as an index knows it.
 *
 * @param counts by the rules of {@link FacetCounter}, of all rows but the others
 * @param others rows with values that the index does not know: not counted at all; ascending
 */
public record ValueCounts(Map<Value, Long> counts, int[] others) {

    /**
     * Null if there are more than {@code most} different values.
     *
     * @param changed rows whose values may not be those of the index any more
     */
    static @Nullable ValueCounts of(IndexedField field, RoaringBitmap all, RoaringBitmap changed, int most) {
        Map<Value, Long> counts = new HashMap<>();
        RoaringBitmap others = RoaringBitmap.and(all, changed);
        RoaringBitmap accepted = others.isEmpty() ? all : RoaringBitmap.andNot(all, others);
        long nulls = 0;
        for (IndexSegment segment : field.segments()) {
            RoaringBitmap mixed = RoaringBitmap.and(segment.others(), accepted);
            others.or(mixed);
            RoaringBitmap wanted = mixed.isEmpty() ? accepted : RoaringBitmap.andNot(accepted, mixed);
            nulls += RoaringBitmap.andCardinality(segment.nulls(), wanted);
            count(field, segment, wanted, counts, most);
            if (counts.size() > most) {
                return null;
            }
        }
        if (nulls > 0) {
            counts.put(new Value.Null(), nulls);
        }
        return new ValueCounts(counts, others.toArray());
    }

    private static void count(
            IndexedField field, IndexSegment segment, RoaringBitmap wanted, Map<Value, Long> counts, int most) {
        // All of a segment's rows lie within 131,072: a look at a word beats one at a bitmap of bitmaps.
        long[] bits = bitsOf(wanted, segment.from(), segment.to());
        segment.postings().forEachValue((value, rows, n) -> {
            long found = 0;
            int last = -1;
            for (int i = 0; i < n; i++) {
                int at = rows[i] - segment.from();
                if (at != last && (bits[at >>> 6] & 1L << at) != 0) {
                    found++;
                }
                last = at;
            }
            if (found > 0 && counts.size() <= most) {
                counts.merge(field.valueOf(segment.postings(), value), found, Long::sum);
            }
        });
    }

    private static long[] bitsOf(RoaringBitmap rows, int from, int to) {
        long[] bits = new long[(to - from + 63) >>> 6];
        var iterator = rows.getIntIterator();
        iterator.advanceIfNeeded(from);
        while (iterator.hasNext()) {
            int at = iterator.next() - from;
            if (at >= to - from) {
                break;
            }
            bits[at >>> 6] |= 1L << at;
        }
        return bits;
    }
}
