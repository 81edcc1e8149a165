package dev.shaula.payload;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.OrdinalMap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.roaringbitmap.BitSetUtil;
import org.roaringbitmap.RoaringBitmap;

/**
 * The indexes of a shard as one snapshot sees them: every change makes another, which shares what stays the same, at a
 * cost in proportion to the change. Immutable; any thread may read.
 *
 * <p>An index that does not cover all rows yet is not used; conditions that no index answers are left to the caller.
 */
public final class MetadataIndex {
    /** Without an index, and without a row. */
    public static final MetadataIndex NONE = unbuilt(List.of(), 0);

    private static final String PREFIX = "metadata.";

    /** Changed rows from which on the indexes are made anew, so that looking into the patch stays cheap. */
    private static final int LEAST_FOLDED = 1_024;
    /** The same as a part of all rows. */
    private static final int FOLDED_ONE_IN = 8;

    private final List<IndexedField> fields;
    private final int rows;
    /** Of rows that were changed since the indexes were declared; null if none was. */
    private final @Nullable IndexPatch patch;
    /** What takes the place of this one when it is built, without a patch; null if nothing does. */
    private final @Nullable MetadataIndex next;
    /** Changes of rows, in all. */
    private final long updates;
    /** As {@link #updates} was when the first of the indexes was declared: an older build does not know all of them. */
    private final long since;

    private MetadataIndex(
            List<IndexedField> fields,
            int rows,
            @Nullable IndexPatch patch,
            @Nullable MetadataIndex next,
            long updates,
            long since) {
        this.fields = List.copyOf(fields);
        this.rows = rows;
        this.patch = patch;
        this.next = next;
        this.updates = updates;
        this.since = since;
    }

    /**
     * What the indexes say of a filter: a row is accepted if it is among {@code candidates} and {@code rest} accepts its
     * metadata.
     *
     * @param candidates null for all rows; may hold rows that are not live; not to be changed
     * @param rest null if nothing is left to be tested
     * @param unindexed fields in {@code rest}, each once
     */
    public record Selection(
            @Nullable RoaringBitmap candidates, @Nullable Filter rest, List<String> unindexed) {}

    /** Indexes that are still to be built over {@code rows} rows. */
    public static MetadataIndex unbuilt(List<FieldIndex> indexes, int rows) {
        return unbuilt(indexes, rows, 0);
    }

    private static MetadataIndex unbuilt(List<FieldIndex> indexes, int rows, long updates) {
        List<IndexedField> fields = indexes.stream().map(IndexedField::empty).toList();
        return new MetadataIndex(fields, rows, null, null, updates, updates);
    }

    /** Rows that it has been told of. */
    public int rows() {
        return rows;
    }

    /** The indexes there are, ready or not, in order of their declaration. */
    public List<FieldIndex> indexes() {
        return next != null
                ? next.indexes()
                : fields.stream().map(IndexedField::index).toList();
    }

    public List<IndexStatus> status() {
        return indexes().stream().map(this::statusOf).toList();
    }

    private IndexStatus statusOf(FieldIndex index) {
        for (IndexedField f : fields) {
            if (f.index().equals(index)) {
                return new IndexStatus(index, f.rows(), rows, isReady(f), f.heapBytes());
            }
        }
        return next == null ? new IndexStatus(index, 0, rows, false, 0) : next.statusOf(index);
    }

    public long heapBytes() {
        return fields.stream().mapToLong(IndexedField::heapBytes).sum()
                + (patch == null ? 0 : patch.heapBytes())
                + (next == null ? 0 : next.heapBytes());
    }

    private boolean isReady(IndexedField field) {
        return field.isReady() && field.rows() == rows;
    }

    /** With an index that covers the rows from now on; those before are built by {@link IndexBuild}. */
    public MetadataIndex with(FieldIndex index) {
        if (indexes().contains(index)) {
            return this;
        }
        if (patch != null || next != null) {
            List<FieldIndex> all = new ArrayList<>(indexes());
            all.add(index);
            return new MetadataIndex(fields, rows, patch, unbuilt(all, rows, updates), updates, since);
        }
        List<IndexedField> more = new ArrayList<>(fields);
        more.add(IndexedField.empty(index));
        return new MetadataIndex(more, rows, null, null, updates, fields.isEmpty() ? updates : since);
    }

    public MetadataIndex without(FieldIndex index) {
        List<IndexedField> left = new ArrayList<>(fields);
        IndexPatch leftPatch = patch;
        for (int i = left.size() - 1; i >= 0; i--) {
            if (left.get(i).index().equals(index)) {
                left.remove(i);
                leftPatch = leftPatch == null ? null : leftPatch.without(i);
            }
        }
        MetadataIndex leftNext = next == null ? null : next.without(index);
        return new MetadataIndex(left, rows, left.isEmpty() ? null : leftPatch, leftNext, updates, since).settled();
    }

    /** What takes the place of this one, if it is built. */
    private MetadataIndex settled() {
        return next != null && next.fields.stream().allMatch(next::isReady) ? next : this;
    }

    /** With other metadata of rows that are there already. */
    public MetadataIndex update(Map<Integer, Metadata> updated) {
        if (updated.isEmpty()) {
            return this;
        }
        long sum = updates + updated.size();
        if (fields.isEmpty()) {
            MetadataIndex later = next == null ? null : next.update(updated);
            return new MetadataIndex(fields, rows, null, later, sum, since);
        }
        IndexPatch patched = (patch == null ? IndexPatch.empty(ownIndexes()) : patch).update(updated);
        MetadataIndex later = next;
        if (later != null) {
            later = later.update(updated);
        } else if (patched.slots() >= Math.max(LEAST_FOLDED, rows / FOLDED_ONE_IN)
                && fields.stream().allMatch(this::isReady)) {
            later = unbuilt(indexes(), rows, sum);
        }
        return new MetadataIndex(fields, rows, patched, later, sum, since);
    }

    private List<FieldIndex> ownIndexes() {
        return fields.stream().map(IndexedField::index).toList();
    }

    /** With the rows that follow; an element for each. */
    public MetadataIndex append(List<Metadata> added) {
        MetadataIndex later = next == null ? null : next.append(added);
        if (fields.isEmpty() || added.isEmpty()) {
            return new MetadataIndex(fields, rows + added.size(), patch, later, updates, since);
        }
        RowIndexer indexer = new RowIndexer(ownIndexes(), rows);
        added.forEach(indexer::add);
        List<IndexSegment> segments = indexer.take();
        List<IndexedField> appended = new ArrayList<>(fields.size());
        for (int i = 0; i < segments.size(); i++) {
            appended.add(fields.get(i).append(segments.get(i)));
        }
        return new MetadataIndex(appended, indexer.end(), patch, later, updates, since);
    }

    /** With what a build has found, for those indexes that are still there and not built yet. */
    public MetadataIndex with(IndexBuild build) {
        List<IndexedField> more = new ArrayList<>(fields.size());
        for (IndexedField field : fields) {
            IndexedField built = build.updates() < since ? null : build.built(field.index());
            more.add(built == null || !fits(built, field) ? field : field.prepend(built.segments()));
        }
        MetadataIndex later = next == null ? null : next.with(build);
        return new MetadataIndex(more, rows, patch, later, updates, since).settled();
    }

    /** Whether what was built ends where the index begins: not so if it was dropped and declared anew meanwhile. */
    private boolean fits(IndexedField built, IndexedField field) {
        return !isReady(field)
                && !built.segments().isEmpty()
                && firstRow(field) == built.segments().getLast().to();
    }

    /** The first row that an index covers; {@link #rows} if it covers none. */
    private int firstRow(IndexedField field) {
        return field.segments().isEmpty() ? rows : field.segments().getFirst().from();
    }

    /**
     * A build for the indexes that lack the same first rows; null if none lacks any. It is to read the metadata as it is
     * now, or later.
     */
    public @Nullable IndexBuild nextBuild() {
        int end = 0;
        List<FieldIndex> lacking = new ArrayList<>();
        for (IndexedField field : fields) {
            if (!isReady(field) && (lacking.isEmpty() || firstRow(field) == end)) {
                end = firstRow(field);
                lacking.add(field.index());
            }
        }
        if (lacking.isEmpty()) {
            return next == null ? null : next.nextBuild();
        }
        return new IndexBuild(lacking, end, updates);
    }

    /** With the indexes that cover all rows as {@code move} makes them without dropped rows, the others without any. */
    MetadataIndex moved(UnaryOperator<IndexedField> move, OrdinalMap map) {
        int newRows = map.staying(rows);
        List<IndexedField> moved = fields.stream()
                .map(f -> isReady(f) ? move.apply(f) : IndexedField.empty(f.index()))
                .toList();
        IndexPatch movedPatch = patch == null ? null : patch.moved(map);
        MetadataIndex later = next == null ? null : unbuilt(next.indexes(), newRows, updates);
        return new MetadataIndex(moved, newRows, movedPatch, later, updates, since);
    }

    // --- on disk ----------------------------------------------------------------------------------------------

    /** Positions of the indexes that cover all rows: the others are not worth keeping. */
    private List<Integer> ready() {
        return IntStream.range(0, fields.size())
                .filter(i -> isReady(fields.get(i)))
                .boxed()
                .toList();
    }

    /** Whether {@link #writeTo} would write an index. */
    public boolean isWorthWriting() {
        return rows > 0 && !ready().isEmpty();
    }

    /** Writes the indexes that cover all rows. Any thread. */
    public void writeTo(LittleEndianOutput out) throws IOException {
        List<Integer> ready = ready();
        out.writeInt(ready.size());
        for (int position : ready) {
            fields.get(position).writeTo(out);
        }
        out.writeInt(patch == null ? 0 : 1);
        if (patch != null) {
            patch.writeTo(out, ready);
        }
    }

    /**
     * As {@link #writeTo} left it, over {@code rows} rows.
     *
     * @throws IOException if what is read does not fit together
     */
    public static MetadataIndex readFrom(LittleEndianInput in, int rows) throws IOException {
        List<IndexedField> fields = new ArrayList<>();
        for (int left = in.readInt("indexes", 0, Limits.MAX_INDEXES); left > 0; left--) {
            fields.add(IndexedField.readFrom(in, rows));
        }
        IndexPatch patch = in.readInt("changes", 0, 1) == 0 ? null : IndexPatch.readFrom(in, fields.size(), rows);
        MetadataIndex read = new MetadataIndex(fields, rows, patch, null, 0, 0);
        IndexFormat.check(
                patch == null || patch.indexes().equals(read.ownIndexes()), "expected changes of the same indexes");
        return read;
    }

    // --- filters ----------------------------------------------------------------------------------------------

    /** What the indexes know of a filter. */
    public Selection select(Filter filter) {
        Partial partial = partial(filter);
        List<String> unindexed = new ArrayList<>();
        if (partial.rest != null) {
            collectFields(partial.rest, unindexed);
        }
        return new Selection(partial.bits, partial.rest, List.copyOf(unindexed));
    }

    /** A filter as the rows it accepts at most, null for all, and what is to be tested of them, null for nothing. */
    private record Partial(
            @Nullable RoaringBitmap bits, @Nullable Filter rest) {}

    private Partial partial(Filter filter) {
        return switch (filter) {
            case Filter.And and -> all(and.conditions());
            case Filter.Or or -> any(or);
            case Filter.Not not -> {
                Partial part = partial(not.condition());
                yield part.rest == null ? new Partial(complement(part.bits), null) : new Partial(null, filter);
            }
            case Filter.Compare c when c.op() == Filter.Op.NE -> negated(c.field(), filter);
            case Filter.NotIn in -> negated(in.field(), filter);
            case Filter.Compare c -> leaf(c.field(), filter);
            case Filter.In in -> leaf(in.field(), filter);
            case Filter.Exists e -> leaf(e.field(), filter);
            case Filter.Prefix p -> leaf(p.field(), filter);
            case Filter.Words w -> leaf(w.field(), filter);
            case Filter.GeoRadius g -> leaf(g.field(), filter);
            case Filter.GeoBox g -> leaf(g.field(), filter);
        };
    }

    private Partial all(List<Filter> conditions) {
        RoaringBitmap bits = null;
        List<Filter> rest = new ArrayList<>();
        for (Filter condition : conditions) {
            Partial part = partial(condition);
            if (part.bits != null) {
                bits = bits == null ? part.bits : RoaringBitmap.and(bits, part.bits);
            }
            if (part.rest != null) {
                rest.add(part.rest);
            }
        }
        return new Partial(
                bits,
                switch (rest.size()) {
                    case 0 -> null;
                    case 1 -> rest.getFirst();
                    default -> new Filter.And(rest);
                });
    }

    private Partial any(Filter.Or or) {
        RoaringBitmap bits = new RoaringBitmap();
        boolean exact = true;
        for (Filter condition : or.conditions()) {
            Partial part = partial(condition);
            if (part.bits == null) {
                return part.rest == null ? part : new Partial(null, or);
            }
            exact &= part.rest == null;
            bits.or(part.bits);
        }
        return new Partial(bits, exact ? null : or);
    }

    private RoaringBitmap complement(@Nullable RoaringBitmap bits) {
        return bits == null ? new RoaringBitmap() : RoaringBitmap.flip(bits, 0L, rows);
    }

    private Partial leaf(String field, Filter filter) {
        RoaringBitmap bits = lookUp(field, filter);
        return bits == null ? new Partial(null, filter) : new Partial(bits, null);
    }

    private Partial negated(String field, Filter filter) {
        RoaringBitmap bits = lookUp(field, filter);
        return bits == null ? new Partial(null, filter) : new Partial(complement(bits), null);
    }

    /** The rows for which the condition, apart from a negation, holds; null if no index can tell. */
    private @Nullable RoaringBitmap lookUp(String name, Filter filter) {
        return firstAnswer(name, i -> {
            RoaringBitmap bits = fields.get(i).rows(filter);
            return bits == null || patch == null ? bits : patch.rows(i, filter, bits);
        });
    }

    /** The first answer of an index on a field that is ready, asked by its position; null if there is none. */
    private <T> @Nullable T firstAnswer(String name, IntFunction<@Nullable T> ask) {
        boolean prefixed = name.startsWith(PREFIX);
        String bare = prefixed ? name.substring(PREFIX.length()) : name;
        for (int i = 0; i < fields.size(); i++) {
            IndexedField field = fields.get(i);
            if (field.index().field().equals(bare) && isReady(field) && !(prefixed && isPrefixed(i))) {
                T answer = ask.apply(i);
                if (answer != null) {
                    return answer;
                }
            }
        }
        return null;
    }

    private boolean isPrefixed(int position) {
        return fields.get(position).isPrefixed() || (patch != null && patch.isPrefixed(position));
    }

    // --- values -----------------------------------------------------------------------------------------------

    /**
     * How many of some rows have each value of a field; null if no index can tell, or if there are more than
     * {@code most} different values.
     *
     * @param accepted bit set for each of the rows, null for all
     */
    public @Nullable ValueCounts countValues(String name, long @Nullable [] accepted, int most) {
        RoaringBitmap wanted = accepted == null ? RoaringBitmap.bitmapOfRange(0, rows) : BitSetUtil.bitmapOf(accepted);
        return firstAnswer(name, i -> {
            IndexedField field = fields.get(i);
            RoaringBitmap changed = patch == null ? new RoaringBitmap() : patch.changed();
            return field.knowsValues() ? ValueCounts.of(field, wanted, changed, most) : null;
        });
    }

    /** Whether an index on the field answers what equals a value, where values are of its kind. */
    public boolean knows(String name) {
        return firstAnswer(name, i -> fields.get(i).knowsValues() ? fields.get(i) : null) != null;
    }

    /** Whether an index that would have an order of the rows by a field does not cover all of them yet. */
    public boolean isBuilding(String name) {
        String bare = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
        return fields.stream().anyMatch(f -> f.index().field().equals(bare) && f.hasOrder() && !isReady(f));
    }

    /** An order of the rows by a field; null if there is no index that has one. */
    public @Nullable RowOrder order(String name, boolean descending) {
        return firstAnswer(name, i -> {
            RowOrder order = fields.get(i).order(rows, descending);
            return order == null || patch == null ? order : patch.order(i, order, descending);
        });
    }

    private static void collectFields(Filter filter, List<String> names) {
        String name = switch (filter) {
            case Filter.And and -> collectAll(and.conditions(), names);
            case Filter.Or or -> collectAll(or.conditions(), names);
            case Filter.Not not -> collectAll(List.of(not.condition()), names);
            case Filter.Compare c -> c.field();
            case Filter.In in -> in.field();
            case Filter.NotIn in -> in.field();
            case Filter.Exists e -> e.field();
            case Filter.Prefix p -> p.field();
            case Filter.Words w -> w.field();
            case Filter.GeoRadius g -> g.field();
            case Filter.GeoBox g -> g.field();
        };
        if (name != null && !names.contains(name)) {
            names.add(name);
        }
    }

    private static @Nullable String collectAll(List<Filter> filters, List<String> names) {
        filters.forEach(each -> collectFields(each, names));
        return null;
    }
}
