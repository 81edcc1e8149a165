package dev.shaula.payload;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.OrdinalMap;
import java.io.IOException;
import org.roaringbitmap.RoaringBitmap;

/**
 * What one index knows of the rows {@code from .. to - 1}. Immutable: a row never changes, an update is a new row, so
 * an index grows by new segments, and what is deleted is left to the bitmap of live rows.
 *
 * @param present rows that have the field
 * @param nulls rows in which it is null, or a list with a null
 * @param others rows in which it has a scalar that is not of the index's kind, and not null
 * @param prefixed whether some row has the field under {@code metadata.} too, where a filter that says so looks first
 */
record IndexSegment(
        int from,
        int to,
        RoaringBitmap present,
        RoaringBitmap nulls,
        RoaringBitmap others,
        boolean prefixed,
        Postings postings) {

    int rows() {
        return to - from;
    }

    void writeTo(LittleEndianOutput out) throws IOException {
        out.writeInt(from);
        out.writeInt(to);
        out.writeInt(prefixed ? 1 : 0);
        IndexFormat.write(out, present);
        IndexFormat.write(out, nulls);
        IndexFormat.write(out, others);
        postings.writeTo(out);
    }

    /** As {@link #writeTo} left a segment of an index of this kind. */
    static IndexSegment readFrom(LittleEndianInput in, FieldIndex.Kind kind) throws IOException {
        int from = in.readInt("first row", 0, Integer.MAX_VALUE);
        int to = in.readInt("end of rows", from, Integer.MAX_VALUE);
        boolean prefixed = in.readInt("prefixed", 0, 1) == 1;
        RoaringBitmap present = IndexFormat.readRows(in);
        RoaringBitmap nulls = IndexFormat.readRows(in);
        RoaringBitmap others = IndexFormat.readRows(in);
        return new IndexSegment(from, to, present, nulls, others, prefixed, Postings.readFrom(in, kind));
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
                RoaringBitmap.or(others, next.others),
                prefixed || next.prefixed,
                postings.merge(next.postings));
    }

    /** Without dropped rows. */
    IndexSegment moved(OrdinalMap map) {
        int newFrom = map.staying(from);
        int newTo = map.staying(to);
        if (newFrom == from && newTo == to) {
            return this;
        }
        RoaringBitmap newPresent = moved(present, map);
        newPresent.runOptimize();
        return new IndexSegment(
                newFrom, newTo, newPresent, moved(nulls, map), moved(others, map), prefixed, postings.moved(map));
    }

    /** A bitmap without dropped rows. */
    static RoaringBitmap moved(RoaringBitmap rows, OrdinalMap map) {
        RoaringBitmap moved = new RoaringBitmap();
        rows.forEach((int row) -> {
            int next = map.newOrdinal(row);
            if (next != OrdinalMap.DROPPED) {
                moved.add(next);
            }
        });
        return moved;
    }

    long heapBytes() {
        return 200L
                + present.getLongSizeInBytes()
                + nulls.getLongSizeInBytes()
                + others.getLongSizeInBytes()
                + postings.heapBytes();
    }
}
