package dev.shaula.payload;

import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Metadata;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
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
    public static final MetadataIndex NONE = new MetadataIndex(List.of(), 0);

    private static final String PREFIX = "metadata.";

    private final List<IndexedField> fields;
    private final int rows;

    private MetadataIndex(List<IndexedField> fields, int rows) {
        this.fields = List.copyOf(fields);
        this.rows = rows;
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
        return new MetadataIndex(indexes.stream().map(IndexedField::empty).toList(), rows);
    }

    /** Rows that it has been told of. */
    public int rows() {
        return rows;
    }

    /** The indexes there are, ready or not, in order of their declaration. */
    public List<FieldIndex> indexes() {
        return fields.stream().map(IndexedField::index).toList();
    }

    public List<IndexStatus> status() {
        return fields.stream()
                .map(f -> new IndexStatus(f.index(), f.rows(), rows, isReady(f), f.heapBytes()))
                .toList();
    }

    public long heapBytes() {
        return fields.stream().mapToLong(IndexedField::heapBytes).sum();
    }

    private boolean isReady(IndexedField field) {
        return field.isReady() && field.rows() == rows;
    }

    /** With an index that covers the rows from now on; those before are built by {@link IndexBuild}. */
    public MetadataIndex with(FieldIndex index) {
        if (indexes().contains(index)) {
            return this;
        }
        List<IndexedField> more = new ArrayList<>(fields);
        more.add(IndexedField.empty(index));
        return new MetadataIndex(more, rows);
    }

    public MetadataIndex without(FieldIndex index) {
        return new MetadataIndex(
                fields.stream().filter(f -> !f.index().equals(index)).toList(), rows);
    }

    /** With the rows that follow; an element for each. */
    public MetadataIndex append(List<Metadata> added) {
        if (fields.isEmpty() || added.isEmpty()) {
            return new MetadataIndex(fields, rows + added.size());
        }
        RowIndexer indexer = new RowIndexer(indexes(), rows);
        added.forEach(indexer::add);
        List<IndexSegment> segments = indexer.take();
        List<IndexedField> next = new ArrayList<>(fields.size());
        for (int i = 0; i < segments.size(); i++) {
            next.add(fields.get(i).append(segments.get(i)));
        }
        return new MetadataIndex(next, indexer.end());
    }

    /** With what a build has found, for those indexes that are still there and not built yet. */
    public MetadataIndex with(IndexBuild build) {
        List<IndexedField> next = new ArrayList<>(fields.size());
        for (IndexedField field : fields) {
            IndexedField built = build.built(field.index());
            next.add(built == null || !fits(built, field) ? field : field.prepend(built.segments()));
        }
        return new MetadataIndex(next, rows);
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

    /** A build for the indexes that lack the same first rows; null if none lacks any. */
    public @Nullable IndexBuild nextBuild() {
        int end = 0;
        List<FieldIndex> lacking = new ArrayList<>();
        for (IndexedField field : fields) {
            if (!isReady(field) && (lacking.isEmpty() || firstRow(field) == end)) {
                end = firstRow(field);
                lacking.add(field.index());
            }
        }
        return lacking.isEmpty() ? null : new IndexBuild(lacking, end);
    }

    /** With the indexes that cover all rows as {@code move} makes them over {@code newRows} rows, the others without any. */
    MetadataIndex moved(UnaryOperator<IndexedField> move, int newRows) {
        return new MetadataIndex(
                fields.stream()
                        .map(f -> isReady(f) ? move.apply(f) : IndexedField.empty(f.index()))
                        .toList(),
                newRows);
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
        return firstAnswer(name, field -> field.rows(filter));
    }

    /** The first answer of an index on a field that is ready; null if there is none. */
    private <T> @Nullable T firstAnswer(String name, Function<IndexedField, @Nullable T> ask) {
        boolean prefixed = name.startsWith(PREFIX);
        String bare = prefixed ? name.substring(PREFIX.length()) : name;
        for (IndexedField field : fields) {
            if (field.index().field().equals(bare) && isReady(field) && !(prefixed && field.isPrefixed())) {
                T answer = ask.apply(field);
                if (answer != null) {
                    return answer;
                }
            }
        }
        return null;
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
        return firstAnswer(name, field -> field.knowsValues() ? ValueCounts.of(field, wanted, most) : null);
    }

    /** Whether an index on the field answers what equals a value, where values are of its kind. */
    public boolean knows(String name) {
        return firstAnswer(name, field -> field.knowsValues() ? field : null) != null;
    }

    /** Whether an index that would have an order of the rows by a field does not cover all of them yet. */
    public boolean isBuilding(String name) {
        String bare = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
        return fields.stream().anyMatch(f -> f.index().field().equals(bare) && f.hasOrder() && !isReady(f));
    }

    /** An order of the rows by a field; null if there is no index that has one. */
    public @Nullable RowOrder order(String name, boolean descending) {
        return firstAnswer(name, field -> field.order(rows, descending));
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
