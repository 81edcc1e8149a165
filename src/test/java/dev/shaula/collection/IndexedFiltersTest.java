package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomFilters;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FacetRequest;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.Filter;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.StoredPoint;
import dev.shaula.oracle.OracleCollection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Counts, readings and searches with filters equal a naive evaluator, whatever is indexed meanwhile. */
@NullMarked
@Timeout(120)
class IndexedFiltersTest {
    private static final CollectionConfig CONFIG = new CollectionConfig("things", 4, Metric.EUCLIDEAN, 2, 8, 40, true);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private final RandomVectors vectors = new RandomVectors(4, 20_267);
    private final RandomFilters filters = new RandomFilters(20_268);
    private final Random random = new Random(20_269);
    private final OracleCollection oracle = new OracleCollection(CONFIG);

    /** Some new points, some updates, some deletes. */
    private void write(VectorCollection things) {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            points.add(new Point("p" + random.nextInt(500), vectors.next(), filters.row()));
        }
        List<String> gone =
                random.ints(30, 0, 500).distinct().mapToObj(i -> "p" + i).toList();
        for (VectorCollection each : List.of(things, oracle)) {
            get(each.upsert(points, Ack.INDEXED));
            get(each.delete(gone, Ack.INDEXED));
        }
    }

    private void check(VectorCollection things, int tries) {
        for (int i = 0; i < tries; i++) {
            Filter filter = filters.filter(2);
            ScrollRequest everything = new ScrollRequest(ScrollRequest.Order.ID, filter, false, false);
            List<String> expected =
                    oracle.read(everything).stream().map(StoredPoint::id).toList();
            assertThat(get(things.scroll(everything)
                            .map(StoredPoint::id)
                            .collect()
                            .asList()))
                    .as("%s", filter)
                    .isEqualTo(expected);
            assertThat(get(things.count(filter))).isEqualTo(expected.size());
            FacetRequest facets =
                    new FacetRequest(RandomFilters.INDEXES.get(i % 5).field(), filter, 4);
            assertThat(get(things.facet(facets))).as("%s", facets).isEqualTo(get(oracle.facet(facets)));
            SearchRequest search = SearchRequest.of(vectors.next(), 10).withFilter(filter);
            List<ScoredPoint> found = get(things.search(search));
            assertThat(found).as("%s", filter).hasSize(Math.min(10, expected.size()));
            assertThat(expected).containsAll(found.stream().map(ScoredPoint::id).toList());
        }
    }

    private static void awaitReady(VectorCollection things) {
        while (!things.indexes().stream().allMatch(IndexStatus::ready)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void shouldFilterAsANaiveEvaluatorBeforeDuringAndAfterIndexing() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            get(things.createIndex(RandomFilters.INDEXES.getFirst()));
            write(things);
            check(things, 15);
            for (FieldIndex index : RandomFilters.INDEXES) {
                get(things.createIndex(index));
                write(things);
                check(things, 4);
            }
            awaitReady(things);
            check(things, 40);
            get(things.dropIndex(RandomFilters.INDEXES.getFirst()));
            write(things);
            check(things, 10);
            assertThat(things.indexes().stream().map(IndexStatus::index))
                    .containsExactlyElementsOf(RandomFilters.INDEXES.subList(1, RandomFilters.INDEXES.size()));
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.collections().require("things");
            check(things, 10);
            assertThat(things.indexes().stream().map(IndexStatus::index))
                    .containsExactlyElementsOf(RandomFilters.INDEXES.subList(1, RandomFilters.INDEXES.size()));
            awaitReady(things);
            write(things);
            check(things, 20);
        }
    }

    @Test
    void shouldDeleteWhatAFilterAcceptsAndNothingElse() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            get(things.createIndex(RandomFilters.INDEXES.getFirst()));
            for (int round = 0; round < 12; round++) {
                write(things);
                Filter filter = filters.filter(2);
                assertThat(get(things.delete(filter, Ack.INDEXED)))
                        .as("%s", filter)
                        .isEqualTo(get(oracle.delete(filter, Ack.INDEXED)));
                check(things, 3);
            }
        }
    }

    @Test
    void shouldRefuseAnIndexTooMany() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            for (int i = 0; i < 64; i++) {
                get(things.createIndex(new FieldIndex("f" + i, Kind.KEYWORD)));
            }
            get(things.createIndex(new FieldIndex("metadata.f7", Kind.KEYWORD)));
            assertThatThrownBy(() -> get(things.createIndex(new FieldIndex("g", Kind.KEYWORD))))
                    .hasMessageContaining("expected at most 64");
            assertThat(things.indexes()).hasSize(64).allMatch(IndexStatus::ready);
        }
    }
}
