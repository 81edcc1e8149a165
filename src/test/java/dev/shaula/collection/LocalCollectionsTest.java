package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class LocalCollectionsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private static CollectionConfig config(int dimensions, int shards) {
        return new CollectionConfig("things", dimensions, Metric.COSINE, shards, 16, 100, true);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void shouldFindEachPointByItsOwnVectorAfterAReopen(int shards) {
        List<Point> points = new RandomVectors(24, 7).points("p", 2_500);
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(config(24, shards));
            assertThat(get(things.upsert(points, Ack.INDEXED)).count()).isEqualTo(2_500);
            findEachOf(points, things);
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.collections().require("things");
            assertThat(things.info().vectorCount()).isEqualTo(2_500);
            findEachOf(points, things);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void shouldAnswerABatchAsItAnswersEachOfItsRequests(int shards) {
        RandomVectors random = new RandomVectors(24, 8);
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(config(24, shards));
            get(things.upsert(random.points("p", 4_000), Ack.INDEXED));
            List<SearchRequest> requests = IntStream.range(0, 45)
                    .mapToObj(i -> SearchRequest.of(random.next(), 1 + i).withExact(true))
                    .toList();
            List<List<ScoredPoint>> together = get(things.searchAll(requests));
            assertThat(together).hasSameSizeAs(requests);
            for (int i = 0; i < requests.size(); i++) {
                assertThat(together.get(i)).usingRecursiveComparison().isEqualTo(get(things.search(requests.get(i))));
            }
        }
    }

    private static void findEachOf(List<Point> points, VectorCollection things) {
        for (int i = 0; i < points.size(); i += 101) {
            Point point = points.get(i);
            List<ScoredPoint> found = get(things.search(SearchRequest.of(point.vector(), 5)));
            assertThat(found).hasSize(5);
            assertThat(found.getFirst().id()).isEqualTo(point.id());
            assertThat(found.getFirst().score()).isBetween(0.9999f, 1f);
            assertThat(found.getFirst().metadata()).isEqualTo(point.metadata());
        }
    }

    @Test
    void shouldReplaceOnUpsertAndHideOnDelete() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(config(2, 2));
            get(things.upsert(
                    List.of(
                            new Point("a", new float[] {1, 0}, Metadata.EMPTY),
                            new Point("b", new float[] {0, 1}, Metadata.EMPTY),
                            new Point("a", new float[] {-1, 0}, Metadata.ofJson("{\"v\":2}"))),
                    Ack.INDEXED));
            assertThat(things.info().vectorCount()).isEqualTo(2);
            assertThat(get(things.get("a"))).hasValueSatisfying(a -> {
                assertThat(a.vector()).containsExactly(-1, 0);
                assertThat(a.metadata()).hasToString("{\"v\":2}");
            });

            assertThat(get(things.delete(List.of("a", "x", "a", "b", "x"), Ack.INDEXED)))
                    .satisfies(r -> assertThat(r.count()).isEqualTo(2))
                    .satisfies(r -> assertThat(r.missing()).containsExactly("x", "a", "x"));
            assertThat(things.info().vectorCount()).isZero();
            assertThat(get(things.get("a"))).isEmpty();
            assertThat(get(things.search(SearchRequest.of(new float[] {1, 0}, 5))))
                    .isEmpty();
        }
    }

    @Test
    void shouldStoreNothingOfAListWithABadPoint() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(config(2, 1));
            List<Point> points = List.of(
                    new Point("a", new float[] {1, 0}, Metadata.EMPTY),
                    new Point("b", new float[] {1, 0, 3}, Metadata.EMPTY));
            assertThatThrownBy(() -> get(things.upsert(points, Ack.INDEXED)))
                    .isInstanceOf(VectorDbException.class)
                    .hasMessage("vectors[1].vector: expected 2 numbers (the collection's dimensions), got 3");
            assertThat(things.info().vectorCount()).isZero();
        }
    }

    @Test
    void shouldRefuseASecondProcessOnTheSameDirectory() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            node.create(config(2, 1));
            assertThatThrownBy(() -> new EmbeddedNode(data))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("is in use by another process");
        }
    }

    @Test
    void shouldDropACollectionForGood() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(config(2, 1));
            get(things.upsert(List.of(new Point("a", new float[] {1, 0}, Metadata.EMPTY)), Ack.INDEXED));
            get(node.collections().drop("things"));
            assertThat(node.collections().find("things")).isEmpty();
            assertThatThrownBy(() -> get(things.get("a"))).hasMessageContaining("does not exist");
            assertThat(node.create(config(3, 1)).info().vectorCount()).isZero();
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().require("things").info().config().dimensions())
                    .isEqualTo(3);
        }
    }
}
