package dev.shaula.payload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.RandomFilters;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.roaringbitmap.RoaringBitmap;

@NullMarked
class MetadataIndexTest {
    private final Random random = new Random(20_265);
    private final RandomFilters filters = new RandomFilters(20_266);

    private List<Metadata> rows(int n) {
        List<Metadata> rows = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            rows.add(filters.row());
        }
        return rows;
    }

    /** What the selection accepts must be what the evaluator accepts, row by row. */
    private static void assertExact(MetadataIndex index, Filter filter, List<Metadata> rows) {
        MetadataIndex.Selection selection = index.select(filter);
        RoaringBitmap candidates = selection.candidates();
        Filter rest = selection.rest();
        FilterEvaluator left = FilterEvaluator.compile(rest == null ? new Filter.And(List.of()) : rest);
        FilterEvaluator oracle = FilterEvaluator.compile(filter);
        for (int row = 0; row < rows.size(); row++) {
            boolean accepted = (candidates == null || candidates.contains(row)) && left.test(rows.get(row));
            assertThat(accepted)
                    .as("%s on row %d: %s", filter, row, rows.get(row))
                    .isEqualTo(oracle.test(rows.get(row)));
        }
    }

    private static IndexBuild build(MetadataIndex index, List<Metadata> rows) {
        IndexBuild build = index.nextBuild();
        assertThat(build).isNotNull();
        rows.subList(0, build.end()).forEach(build::add);
        build.finish();
        return build;
    }

    /** Batches of awkward sizes, with indexes declared before, built in between and dropped. */
    @Test
    void shouldAcceptWhatTheEvaluatorAcceptsWheneverItIsBuilt() {
        List<Metadata> rows = new ArrayList<>();
        MetadataIndex index = MetadataIndex.NONE;
        for (FieldIndex declared : RandomFilters.INDEXES.subList(0, 4)) {
            index = index.with(declared);
        }
        for (int size : new int[] {1, 13, 207, 64, 1, 1, 30}) {
            List<Metadata> batch = rows(size);
            rows.addAll(batch);
            index = index.append(batch);
            check(index, rows, 40);
        }
        for (FieldIndex declared : RandomFilters.INDEXES) {
            index = index.with(declared);
        }
        assertThat(index.status().stream().filter(s -> !s.ready())).hasSize(RandomFilters.INDEXES.size() - 4);
        IndexBuild build = build(index, rows);
        List<Metadata> meanwhile = rows(50);
        rows.addAll(meanwhile);
        index = index.append(meanwhile);
        check(index, rows, 40);
        index = index.with(build);
        assertThat(index.status()).allMatch(s -> s.ready() && s.indexedRows() == s.totalRows());
        assertThat(index.nextBuild()).isNull();
        check(index, rows, 300);
        FieldIndex first = RandomFilters.INDEXES.getFirst();
        index = index.without(first).with(first).with(build);
        assertThat(index.status().getLast().ready())
                .as("a build of another time")
                .isFalse();
        check(index, rows, 40);
    }

    private void check(MetadataIndex index, List<Metadata> rows, int tries) {
        for (int i = 0; i < tries; i++) {
            assertExact(index, filters.filter(3), rows);
        }
    }

    @Test
    void shouldLeaveNothingToTestOfAFilterOnIndexedFields() {
        MetadataIndex index = MetadataIndex.NONE;
        for (FieldIndex declared : RandomFilters.INDEXES) {
            index = index.with(declared);
        }
        List<Metadata> rows = rows(300);
        index = index.append(rows);
        for (int i = 0; i < 300; i++) {
            Filter filter = filters.answerable(3);
            assertThat(index.select(filter).rest()).as("%s", filter).isNull();
            assertExact(index, filter, rows);
        }
        assertThat(index.select(new Filter.And(List.of(new Filter.Exists("k"), new Filter.Exists("elsewhere")))))
                .satisfies(s -> assertThat(s.rest()).isEqualTo(new Filter.Exists("elsewhere")))
                .satisfies(s -> assertThat(s.unindexed()).containsExactly("elsewhere"))
                .satisfies(s -> assertThat(s.candidates()).isNotNull());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 100})
    void shouldKeepTheNumberOfSegmentsSmall(int batch) {
        FieldIndex keyword = new FieldIndex("k", Kind.KEYWORD);
        IndexedField field = IndexedField.empty(keyword);
        int rows = 0;
        while (rows < 3_000) {
            RowIndexer indexer = new RowIndexer(List.of(keyword), rows);
            for (int i = 0; i < batch; i++) {
                indexer.add(Metadata.ofJson("{\"k\":\"v" + random.nextInt(200) + "\"}"));
            }
            field = field.append(indexer.take().getFirst());
            rows += batch;
            assertThat(field.segments().size()).isLessThanOrEqualTo(13);
            assertThat(field.rows()).isEqualTo(rows);
        }
        assertThat(field.rows(new Filter.Exists("k"))).isEqualTo(RoaringBitmap.bitmapOfRange(0, rows));
    }

    /** Rows that were changed in place stand where an index made from their new metadata would have them. */
    @Test
    void shouldOrderAndCountChangedRowsAsIfTheyHadBeenWrittenSo() {
        List<Metadata> rows = rows(300);
        MetadataIndex changed = MetadataIndex.unbuilt(RandomFilters.INDEXES, 0).append(rows);
        for (int batch = 0; batch < 4; batch++) {
            Map<Integer, Metadata> updates = new HashMap<>();
            for (int i = 0; i < 30; i++) {
                updates.put(random.nextInt(rows.size()), filters.row());
            }
            updates.forEach(rows::set);
            changed = changed.update(updates);
        }
        MetadataIndex fresh = MetadataIndex.unbuilt(RandomFilters.INDEXES, 0).append(rows);
        int ordered = 0;
        int counted = 0;
        for (FieldIndex declared : RandomFilters.INDEXES) {
            for (boolean descending : new boolean[] {false, true}) {
                RowOrder order = changed.order(declared.field(), descending);
                RowOrder oracle = fresh.order(declared.field(), descending);
                assertThat(order == null).isEqualTo(oracle == null);
                if (order != null && oracle != null) {
                    ordered++;
                    assertSameOrder(order, oracle, rows.size());
                }
            }
            long[] accepted = random.longs(5).toArray();
            ValueCounts counts = changed.countValues(declared.field(), accepted, Integer.MAX_VALUE);
            if (counts != null) {
                counted++;
                FacetCounter counter = new FacetCounter(declared.field());
                counter.add(counts.counts());
                for (int row : counts.others()) {
                    counter.add(rows.get(row));
                }
                FacetCounter oracle = new FacetCounter(declared.field());
                for (int row = 0; row < rows.size(); row++) {
                    if (row < 64 * accepted.length && (accepted[row >>> 6] & 1L << row) != 0) {
                        oracle.add(rows.get(row));
                    }
                }
                assertThat(counter.counts()).as(declared.field()).isEqualTo(oracle.counts());
            }
        }
        assertThat(ordered).isPositive();
        assertThat(counted).isPositive();
    }

    private static void assertSameOrder(RowOrder order, RowOrder oracle, int rows) {
        for (int a = 0; a < rows; a++) {
            assertThat(order.key(a)).isEqualTo(oracle.key(a));
            for (int b = 0; b < rows; b++) {
                assertThat(Integer.signum(order.compare(a, b))).isEqualTo(Integer.signum(oracle.compare(a, b)));
            }
        }
    }
}
