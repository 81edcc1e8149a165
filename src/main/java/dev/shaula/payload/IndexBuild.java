package dev.shaula.payload;

import dev.shaula.model.FieldIndex;
import dev.shaula.model.Metadata;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Builds indexes over the rows that were there when they were declared, beside the writer, who indexes what follows. Add
 * the rows from 0 to {@link #end}, then hand it to {@link MetadataIndex#with(IndexBuild)}. One thread adds; {@link #rows} is for all.
 */
public final class IndexBuild {
    /** Rows whose values are sorted at once. */
    private static final int SEGMENT_ROWS = 1 << 14;

    private final List<FieldIndex> indexes;
    private final RowIndexer indexer;
    private final List<IndexedField> fields = new ArrayList<>();
    private final int end;
    private final long updates;
    private int inSegment;
    private volatile int rows;

    IndexBuild(List<FieldIndex> indexes, int end, long updates) {
        this.end = end;
        this.updates = updates;
        this.indexes = List.copyOf(indexes);
        this.indexer = new RowIndexer(indexes, 0);
        indexes.forEach(index -> fields.add(IndexedField.empty(index)));
    }

    /** The next row. */
    public void add(Metadata metadata) {
        indexer.add(metadata);
        if (++inSegment == SEGMENT_ROWS) {
            finish();
        }
    }

    /** No row follows. */
    public void finish() {
        if (inSegment > 0) {
            List<IndexSegment> segments = indexer.take();
            for (int i = 0; i < segments.size(); i++) {
                fields.set(i, fields.get(i).append(segments.get(i)));
            }
            inSegment = 0;
        }
        rows = indexer.end();
    }

    /** Changes of rows before it began, all of which it finds. */
    long updates() {
        return updates;
    }

    public List<FieldIndex> indexes() {
        return indexes;
    }

    /** Rows to be added. */
    public int end() {
        return end;
    }

    /** Rows done, in whole segments. Any thread. */
    public int rows() {
        return rows;
    }

    @Nullable
    IndexedField built(FieldIndex index) {
        int at = indexes.indexOf(index);
        return at < 0 ? null : fields.get(at);
    }
}
