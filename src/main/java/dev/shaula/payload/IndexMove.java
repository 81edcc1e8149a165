package dev.shaula.payload;

import dev.shaula.model.OrdinalMap;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * Takes indexes along when rows are dropped and the others move up: nothing is read again. {@link #prepare} does the work
 * beside the writer; {@link #apply} then does what is left, the segments that came or were merged since. One call at a
 * time.
 */
public final class IndexMove {
    private final OrdinalMap map;
    private final IdentityHashMap<IndexSegment, IndexSegment> moved = new IdentityHashMap<>();

    public IndexMove(OrdinalMap map) {
        this.map = map;
    }

    /** Moves what a snapshot has. */
    public void prepare(MetadataIndex index) {
        apply(index);
    }

    /** The indexes over the rows that stay; one that does not cover all rows yet has to be built from the beginning. */
    public MetadataIndex apply(MetadataIndex index) {
        return index.moved(this::moved, map);
    }

    private IndexedField moved(IndexedField field) {
        List<IndexSegment> segments = new ArrayList<>();
        for (IndexSegment segment : field.segments()) {
            IndexSegment next = moved.computeIfAbsent(segment, s -> s.moved(map));
            if (next.rows() > 0) {
                segments.add(next);
            }
        }
        return new IndexedField(field.index(), List.copyOf(segments));
    }
}
