package dev.shaula.payload;

import dev.shaula.model.FieldIndex;
import dev.shaula.model.Metadata;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads what some indexes want from consecutive rows, one streaming pass a row for all of them. Begin with the first
 * row, add each, take the segments. Not thread-safe.
 */
final class RowIndexer implements MetadataWalk.Sink {
    private static final String PREFIX = "metadata.";

    private final List<Target> targets = new ArrayList<>();
    private final MetadataWalk walk;
    private final Target[] targetOfSlot;
    private final IndexedValues[] valuesOfSlot;
    private final Scalar scalar = new Scalar();
    private int row;

    /** One index: its slots, in the order of {@link FieldTrie#add} of the prefixed name, and its segment. */
    private static final class Target {
        private final FieldIndex index;
        private final int[] slots;
        private SegmentBuilder segment;

        Target(FieldIndex index, int[] slots, int firstRow) {
            this.index = index;
            this.slots = slots;
            this.segment = new SegmentBuilder(index.kind(), firstRow);
        }
    }

    RowIndexer(List<FieldIndex> indexes, int firstRow) {
        FieldTrie trie = new FieldTrie();
        for (FieldIndex index : indexes) {
            targets.add(new Target(index, trie.add(PREFIX + index.field()), firstRow));
        }
        targetOfSlot = new Target[trie.slotCount()];
        valuesOfSlot = new IndexedValues[trie.slotCount()];
        for (Target target : targets) {
            for (int slot : target.slots) {
                targetOfSlot[slot] = target;
                valuesOfSlot[slot] = new IndexedValues(target.index.kind());
            }
        }
        walk = new MetadataWalk(trie, indexes.stream().anyMatch(index -> index.kind() == FieldIndex.Kind.GEO));
        row = firstRow;
    }

    /** The next row. */
    void add(Metadata metadata) {
        if (!metadata.isEmpty() && !targets.isEmpty()) {
            for (IndexedValues values : valuesOfSlot) {
                values.clear(false);
            }
            walk.walk(metadata, scalar, this);
            targets.forEach(this::take);
        }
        row++;
    }

    /** The slots with even numbers mean the prefixed name, the others the bare one: see {@link FieldTrie#add}. */
    private void take(Target target) {
        boolean taken = false;
        for (int i = 0; i < target.slots.length; i++) {
            IndexedValues values = valuesOfSlot[target.slots[i]];
            if (values.found() && i % 2 == 0) {
                target.segment.prefixed();
            } else if (values.found() && !taken) {
                target.segment.present(row);
                target.segment.add(row, values);
                taken = true;
            }
        }
    }

    /** Rows added so far, and those before the first. */
    int end() {
        return row;
    }

    /** A segment for each index, in their order, of the rows added since the last call. */
    List<IndexSegment> take() {
        List<IndexSegment> segments = new ArrayList<>(targets.size());
        for (Target target : targets) {
            segments.add(target.segment.finish(row));
            target.segment = new SegmentBuilder(target.index.kind(), row);
        }
        return segments;
    }

    @Override
    public void begin(int slot) {
        valuesOfSlot[slot].clear(true);
    }

    @Override
    public void forget(int slot) {
        valuesOfSlot[slot].clear(false);
    }

    @Override
    public void scalar(int slot, Scalar value) {
        valuesOfSlot[slot].add(value);
    }

    @Override
    public void place(int slot, double lat, double lon) {
        valuesOfSlot[slot].addPlace(lat, lon);
    }
}
