package dev.shaula.payload;

import org.roaringbitmap.RoaringBitmap;

/**
 * What one index knows of the rows {@code from .. to - 1}. Immutable: a row never changes, an update is a new row, so
 * an index grows by new segments, and what is deleted is left to the bitmap of live rows.
 *
 * @param present rows that have the field
 * @param nulls rows in which it is null, or a list with a null
 * @param prefixed whether some row has the field under {@code metadata.} too, where a filter that says so looks first
 */
record IndexSegment(int from, int to, RoaringBitmap present, RoaringBitmap nulls, boolean prefixed, Postings postings) {

    int rows() {
        return to - from;
    }

    /** This and the segment that follows it in one. */
    IndexSegment merge(IndexSegment next) {
        if (next.from != to) {
            throw new IllegalArgumentException("from: expected " + to + ", got " + next.from);
        }
        RoaringBitmap allPresent = RoaringBitmap.or(present, next.present);
        allPresent.runOptimize();
        return new IndexSegment(
                from,
                next.to,
                allPresent,
                RoaringBitmap.or(nulls, next.nulls),
                prefixed || next.prefixed,
                postings.merge(next.postings));
    }

    long heapBytes() {
        return 160L + present.getLongSizeInBytes() + nulls.getLongSizeInBytes() + postings.heapBytes();
    }
}
