package dev.shaula.payload;

import dev.shaula.model.FieldIndex;
import java.util.ArrayList;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/** Gathers what one index wants of consecutive rows. Not thread-safe. */
final class SegmentBuilder {
    private final FieldIndex.Kind kind;
    private final int from;
    private final RoaringBitmap present = new RoaringBitmap();
    private final RoaringBitmap nulls = new RoaringBitmap();
    private final RoaringBitmap others = new RoaringBitmap();
    private final List<TermPostings.Entry> terms = new ArrayList<>();
    private final List<KeyPostings.Entry> keys = new ArrayList<>();
    private boolean prefixed;

    SegmentBuilder(FieldIndex.Kind kind, int from) {
        this.kind = kind;
        this.from = from;
    }

    /** The row has the field. */
    void present(int row) {
        present.add(row);
    }

    /** The row has the field under {@code metadata.} too. */
    void prefixed() {
        prefixed = true;
    }

    void add(int row, IndexedValues values) {
        if (values.hasNull()) {
            nulls.add(row);
        }
        if (values.hasOther()) {
            others.add(row);
        }
        for (byte[] term : values.terms()) {
            terms.add(new TermPostings.Entry(term, row));
        }
        for (int i = 0; i < values.keyCount(); i++) {
            keys.add(new KeyPostings.Entry(values.key(i), values.lon(i), row));
        }
    }

    /** The segment up to row {@code to - 1}. */
    IndexSegment finish(int to) {
        present.runOptimize();
        Postings postings = switch (kind) {
            case KEYWORD, TEXT -> TermPostings.of(terms);
            case INTEGER, FLOAT, BOOLEAN, DATETIME, GEO -> KeyPostings.of(keys, kind == FieldIndex.Kind.GEO);
        };
        return new IndexSegment(from, to, present, nulls, others, prefixed, postings);
    }
}
