package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.RandomFilters;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.oracle.OracleFilter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dropping dead rows must change nothing but the space; the oracle is a map of what was written last. */
@NullMarked
class CompactionTest {
    private static final int DIMENSIONS = 16;
    private static final int IDS = 1_500;

    private final RandomVectors vectors = new RandomVectors(DIMENSIONS, 51);
    private final Random random = new Random(52);
    private final Map<String, Point> expected = new HashMap<>();
    private int written;

    private static HeapShard shard(boolean graph) {
        return new HeapShard(new CollectionConfig("things", DIMENSIONS, Metric.EUCLIDEAN, 1, 8, 60, graph));
    }

    /** Writes and deletes points at random, each value told from all others by its metadata. */
    private void churn(HeapShard shard, int n) {
        Map<String, Point> points = new HashMap<>();
        for (int i = 0; i < n; i++) {
            String id = "p" + random.nextInt(IDS);
            points.put(id, new Point(id, vectors.next(), Metadata.ofJson("{\"n\":" + written++ + "}")));
        }
        shard.upsert(List.copyOf(points.values()));
        expected.putAll(points);
        List<String> deleted = random.ints(n / 8, 0, IDS)
                .mapToObj(i -> "p" + i)
                .filter(expected::containsKey)
                .distinct()
                .toList();
        if (!deleted.isEmpty()) {
            shard.delete(deleted);
            deleted.forEach(expected::remove);
        }
    }

    private void check(HeapShard shard) {
        ShardSnapshot snapshot = shard.snapshot();
        assertThat(snapshot.count()).isEqualTo(expected.size());
        for (int i = 0; i < IDS; i++) {
            Point point = expected.get("p" + i);
            assertThat(snapshot.get("p" + i).map(Point::metadata).map(Metadata::toString))
                    .isEqualTo(java.util.Optional.ofNullable(point)
                            .map(Point::metadata)
                            .map(Metadata::toString));
            if (point != null && i % 10 == 0) {
                checkFound(snapshot, point);
            }
        }
        SearchRequest newest = SearchRequest.of(vectors.next(), 10_000)
                .withFilter(new Filter.Compare("n", Filter.Op.GTE, new Filter.Value.Num(written - 100)));
        assertThat(snapshot.search(newest, new SearchScratch()).stream()
                        .map(ScoredPoint::id)
                        .collect(Collectors.toSet()))
                .isEqualTo(expected.values().stream()
                        .filter(p -> number(p) >= written - 100)
                        .map(Point::id)
                        .collect(Collectors.toSet()));
    }

    private static int number(Point point) {
        return Integer.parseInt(point.metadata().toString().replaceAll("\\D", ""));
    }

    private static void checkFound(ShardSnapshot snapshot, Point point) {
        assertThat(snapshot.get(point.id()).orElseThrow().vector()).isEqualTo(point.vector());
        ScoredPoint found = snapshot.search(SearchRequest.of(point.vector(), 1), new SearchScratch())
                .getFirst();
        assertThat(found.id()).isEqualTo(point.id());
        assertThat(String.valueOf(found.metadata())).isEqualTo(point.metadata().toString());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldAnswerAlikeAfterEveryGenerationThoughWritesWentOn(boolean graph, @TempDir Path directory)
            throws Exception {
        HeapShard shard = shard(graph);
        for (int generation = 1; generation <= 6; generation++) {
            churn(shard, 1_200);
            shard.link();
            shard.repair();
            int before = shard.snapshot().rows().count();
            shard.compact(() -> churn(shard, 100));
            assertThat(shard.snapshot().generation().number()).isEqualTo(generation);
            assertThat(shard.snapshot().rows().count()).isLessThan(before + 300);
            check(shard);
            if (generation % 2 == 0) {
                shard.checkpointAndReload(directory);
                check(shard);
            }
        }
        assertThat(shard.snapshot().rows().count()).isLessThan(expected.size() + 1_500);
    }

    @Test
    void shouldTakeTheIndexesAlong() {
        HeapShard shard = shard(true);
        shard.index(RandomFilters.INDEXES);
        RandomFilters filters = new RandomFilters(53);
        Map<String, Metadata> rows = new HashMap<>();
        for (int generation = 1; generation <= 3; generation++) {
            write(shard, filters, rows, 1_400);
            shard.link();
            shard.repair();
            shard.compact(() -> write(shard, filters, rows, 60));
            ShardSnapshot snapshot = shard.snapshot();
            assertThat(snapshot.generation().number()).isEqualTo(generation);
            assertThat(snapshot.index().status()).allMatch(IndexStatus::ready);
            for (int i = 0; i < 60; i++) {
                Filter filter = filters.filter(2);
                assertThat(snapshot.count(filter)).as("%s", filter).isEqualTo((int) rows.values().stream()
                        .filter(metadata -> OracleFilter.matches(filter, metadata))
                        .count());
            }
        }
    }

    private void write(HeapShard shard, RandomFilters filters, Map<String, Metadata> rows, int n) {
        Map<String, Point> points = new HashMap<>();
        for (int i = 0; i < n; i++) {
            String id = "p" + random.nextInt(IDS);
            points.put(id, new Point(id, vectors.next(), filters.row()));
        }
        shard.upsert(List.copyOf(points.values()));
        points.forEach((id, point) -> rows.put(id, point.metadata()));
        List<String> deleted = points.keySet().stream().limit(n / 4).toList();
        shard.delete(deleted);
        deleted.forEach(rows::remove);
    }

    @Test
    void shouldLinkAndRepairOnWithTheGraphOfTheNewGeneration() {
        HeapShard shard = shard(true);
        churn(shard, 2_000);
        for (int i = 0; i < 8; i++) {
            churn(shard, 300);
            shard.link();
            shard.repair();
            shard.compact(() -> {});
            churn(shard, 300);
            shard.link();
            shard.repair();
            check(shard);
        }
    }

    @Test
    void shouldDropEverythingWhenEverythingIsDead() {
        HeapShard shard = shard(true);
        List<Point> points = vectors.points("p", 1_000);
        shard.upsert(points);
        shard.link();
        shard.delete(points.stream().map(Point::id).toList());
        shard.repair();
        assertThat(shard.state().compactionDue()).isTrue();
        shard.compact(() -> {});
        assertThat(shard.snapshot().rows().count()).isZero();
        assertThat(shard.snapshot().count()).isZero();
        shard.upsert(vectors.points("q", 1_000));
        shard.link();
        assertThat(shard.snapshot().search(SearchRequest.of(vectors.next(), 10), new SearchScratch()))
                .hasSize(10);
    }

    @Test
    void shouldLeaveSnapshotsOfTheOldGenerationAsTheyWere() {
        HeapShard shard = shard(true);
        churn(shard, 2_000);
        shard.link();
        ShardSnapshot old = shard.snapshot();
        List<List<ScoredPoint>> before = new ArrayList<>();
        List<float[]> queries = List.of(vectors.next(), vectors.next(), vectors.next());
        queries.forEach(q -> before.add(old.search(SearchRequest.of(q, 10), new SearchScratch())));
        for (int i = 0; i < 3; i++) {
            churn(shard, 1_500);
            shard.link();
            shard.repair();
            shard.compact(() -> {});
        }
        List<List<ScoredPoint>> after = new ArrayList<>();
        queries.forEach(q -> after.add(old.search(SearchRequest.of(q, 10), new SearchScratch())));
        assertThat(after).isEqualTo(before);
    }
}
