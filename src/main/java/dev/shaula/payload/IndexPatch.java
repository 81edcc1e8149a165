package dev.shaula.payload;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import dev.shaula.model.OrdinalMap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.RoaringBitmap;

/**
 * What is known of rows whose metadata was changed in place: the changes take the place of rows, one slot each, and are
 * indexed like rows; the newest slot of a row counts. Immutable, as the indexes are; what is shared with older ones
 * lies behind what those look at, {@link #slotOf} is for the one thread that changes.
 */
final class IndexPatch {
    private final List<IndexedField> fields;
    /** The row of each slot. */
    private final int[] rowOf;

    private final int slots;
    /** Rows that have a slot. */
    private final RoaringBitmap rows;
    /** The newest slot of each of them. */
    private final RoaringBitmap current;

    private final Map<Integer, Integer> slotOf;

    private IndexPatch(
            List<IndexedField> fields,
            int[] rowOf,
            int slots,
            RoaringBitmap rows,
            RoaringBitmap current,
            Map<Integer, Integer> slotOf) {
        this.fields = List.copyOf(fields);
        this.rowOf = rowOf;
        this.slots = slots;
        this.rows = rows;
        this.current = current;
        this.slotOf = slotOf;
    }

    static IndexPatch empty(List<FieldIndex> indexes) {
        return new IndexPatch(
                indexes.stream().map(IndexedField::empty).toList(),
                new int[16],
                0,
                new RoaringBitmap(),
                new RoaringBitmap(),
                new HashMap<>());
    }

    /** @param rowOf the row of each slot, {@link OrdinalMap#DROPPED} for one that is gone; the newest of a row counts */
    private static IndexPatch of(List<IndexedField> fields, int[] rowOf) {
        Map<Integer, Integer> slotOf = new HashMap<>();
        for (int slot = 0; slot < rowOf.length; slot++) {
            if (rowOf[slot] != OrdinalMap.DROPPED) {
                slotOf.put(rowOf[slot], slot);
            }
        }
        RoaringBitmap rows = new RoaringBitmap();
        RoaringBitmap current = new RoaringBitmap();
        slotOf.forEach((row, slot) -> {
            rows.add(row);
            current.add(slot);
        });
        return new IndexPatch(fields, rowOf, rowOf.length, rows, current, slotOf);
    }

    /** Without dropped rows. Any thread. */
    IndexPatch moved(OrdinalMap map) {
        int[] movedRowOf = new int[slots];
        for (int slot = 0; slot < slots; slot++) {
            movedRowOf[slot] = current.contains(slot) ? map.newOrdinal(rowOf[slot]) : OrdinalMap.DROPPED;
        }
        return of(fields, movedRowOf);
    }

    /** What is known of the indexes at some positions. */
    void writeTo(LittleEndianOutput out, List<Integer> positions) throws IOException {
        IndexFormat.write(out, rowOf, slots);
        for (int position : positions) {
            fields.get(position).writeTo(out);
        }
    }

    /** As {@link #writeTo} left it of so many indexes over {@code rows} rows. */
    static IndexPatch readFrom(LittleEndianInput in, int indexes, int rows) throws IOException {
        int[] rowOf = IndexFormat.readInts(in);
        for (int row : rowOf) {
            IndexFormat.check(row == OrdinalMap.DROPPED || (row >= 0 && row < rows), "a changed row is " + row);
        }
        List<IndexedField> fields = new ArrayList<>();
        for (int i = 0; i < indexes; i++) {
            fields.add(IndexedField.readFrom(in, rowOf.length));
        }
        return of(fields, rowOf);
    }

    List<FieldIndex> indexes() {
        return fields.stream().map(IndexedField::index).toList();
    }

    /** With these rows' new metadata. */
    IndexPatch update(Map<Integer, Metadata> updated) {
        RowIndexer indexer =
                new RowIndexer(fields.stream().map(IndexedField::index).toList(), slots);
        int[] nextRowOf = slots + updated.size() <= rowOf.length
                ? rowOf
                : Arrays.copyOf(rowOf, Math.max(slots + updated.size(), 2 * rowOf.length));
        RoaringBitmap nextRows = rows.clone();
        RoaringBitmap nextCurrent = current.clone();
        int slot = slots;
        for (Map.Entry<Integer, Metadata> entry : updated.entrySet()) {
            indexer.add(entry.getValue());
            nextRowOf[slot] = entry.getKey();
            nextRows.add(entry.getKey());
            nextCurrent.add(slot);
            Integer before = slotOf.put(entry.getKey(), slot);
            if (before != null) {
                nextCurrent.remove(before);
            }
            slot++;
        }
        List<IndexSegment> segments = indexer.take();
        List<IndexedField> next = new ArrayList<>(fields.size());
        for (int i = 0; i < segments.size(); i++) {
            next.add(fields.get(i).append(segments.get(i)));
        }
        return new IndexPatch(next, nextRowOf, slot, nextRows, nextCurrent, slotOf);
    }

    /** Without the index at a position. */
    IndexPatch without(int position) {
        List<IndexedField> left = new ArrayList<>(fields);
        left.remove(position);
        return new IndexPatch(left, rowOf, slots, rows, current, slotOf);
    }

    /** Changes there are. */
    int slots() {
        return slots;
    }

    /** Whether a row has the field of the index at a position under {@code metadata.} too. */
    boolean isPrefixed(int position) {
        return fields.get(position).isPrefixed();
    }

    /**
     * The rows that satisfy a condition on one field, as they are now; null if the index cannot tell.
     *
     * @param before those that satisfied it as they were upserted; not changed
     */
    @Nullable
    RoaringBitmap rows(int position, Filter leaf, RoaringBitmap before) {
        RoaringBitmap found = fields.get(position).rows(leaf);
        if (found == null) {
            return null;
        }
        RoaringBitmap now = RoaringBitmap.andNot(before, rows);
        RoaringBitmap.and(found, current).forEach((int slot) -> now.add(rowOf[slot]));
        return now;
    }

    /** Rows whose metadata is not what the index was told; not to be changed. */
    RoaringBitmap changed() {
        return rows;
    }

    /** The order of all rows by the field of the index at a position, {@code before} being that of those not changed. */
    RowOrder order(int position, RowOrder before, boolean descending) {
        RowOrder changed = Objects.requireNonNull(fields.get(position).order(slots, descending));
        return new PatchedOrder(before, changed, currentSlots());
    }

    private Map<Integer, Integer> currentSlots() {
        Map<Integer, Integer> bySlot = HashMap.newHashMap(current.getCardinality());
        current.forEach((int slot) -> bySlot.put(rowOf[slot], slot));
        return bySlot;
    }

    long heapBytes() {
        return 128L
                + 4L * rowOf.length
                + 64L * slotOf.size()
                + rows.getLongSizeInBytes()
                + current.getLongSizeInBytes()
                + fields.stream().mapToLong(IndexedField::heapBytes).sum();
    }
}
