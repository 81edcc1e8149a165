package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.shaula.fixture.RandomVectors;
import dev.shaula.hnsw.Parallel;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.Quantization;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NullMarked
class ShardSnapshotTest {
    private static final int DIMENSIONS = 13;
    private static final int POINTS = 4_000;

    private final RandomVectors random = new RandomVectors(DIMENSIONS, 20_261);
    private final SearchScratch scratch = new SearchScratch();

    private static CollectionConfig config(Metric metric, boolean hnsw) {
        return new CollectionConfig("c", DIMENSIONS, metric, 1, 8, 60, hnsw);
    }

    private static double score(Metric metric, float[] a, float[] b) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        double squares = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
            squares += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
        }
        return switch (metric) {
            case COSINE -> dot / Math.sqrt(aa * bb);
            case DOT -> dot;
            case EUCLIDEAN -> 1 / (1 + squares);
        };
    }

    private static List<Point> nearest(List<Point> points, Metric metric, float[] query, int k) {
        return points.stream()
                .sorted(Comparator.comparingDouble((Point p) -> -score(metric, query, p.vector())))
                .limit(k)
                .toList();
    }

    private static Set<String> ids(List<ScoredPoint> found) {
        return found.stream().map(ScoredPoint::id).collect(Collectors.toSet());
    }

    private static void assertEqual(List<ScoredPoint> found, List<Point> expected, Metric metric, float[] query) {
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < found.size(); i++) {
            double score = score(metric, query, expected.get(i).vector());
            assertThat((double) found.get(i).score()).isCloseTo(score, within(1e-4 * (1 + Math.abs(score))));
        }
        assertThat(ids(found)).isEqualTo(expected.stream().map(Point::id).collect(Collectors.toSet()));
    }

    private static int number(Point point) {
        return Integer.parseInt(point.id().substring(1));
    }

    @ParameterizedTest
    @EnumSource(Metric.class)
    void shouldReturnKLiveMatchesAtEverySelectivity(Metric metric) {
        HeapShard shard = new HeapShard(config(metric, true));
        List<Point> points = random.points("p", POINTS);
        shard.upsert(points.subList(0, 3_500));
        shard.link();
        shard.upsert(points.subList(3_500, POINTS));
        List<Point> live = points.stream().filter(p -> number(p) % 7 != 0).toList();
        shard.delete(
                points.stream().filter(p -> number(p) % 7 == 0).map(Point::id).toList());
        ShardSnapshot snapshot = shard.snapshot();
        assertThat(snapshot.count()).isEqualTo(live.size());

        for (double share : new double[] {1, 0.9, 0.5, 0.36, 0.34, 0.1, 0.01, 0.001, 0}) {
            int below = (int) (share * POINTS);
            Filter filter = new Filter.Compare("n", Filter.Op.LT, new Filter.Value.Num(below));
            List<Point> matches = live.stream().filter(p -> number(p) < below).toList();
            int hits = 0;
            int wanted = 0;
            for (int q = 0; q < 15; q++) {
                float[] query = random.next();
                SearchRequest request = SearchRequest.of(query, 10).withFilter(share == 1 ? null : filter);
                List<Point> expected = nearest(matches, metric, query, 10);
                assertEqual(snapshot.search(request.withExact(true), scratch), expected, metric, query);

                List<ScoredPoint> found = snapshot.search(request, scratch);
                assertThat(found).as("share %s", share).hasSameSizeAs(expected);
                assertThat(found).isSortedAccordingTo(Comparator.comparingDouble(p -> -p.score()));
                assertThat(ids(found)).hasSameSizeAs(found);
                assertThat(matches.stream().map(Point::id)).containsAll(ids(found));
                Set<String> both = new HashSet<>(ids(found));
                both.retainAll(expected.stream().map(Point::id).toList());
                hits += both.size();
                wanted += expected.size();
            }
            assertThat(hits).as("recall at share %s", share).isGreaterThanOrEqualTo((int) (0.95 * wanted));
        }
    }

    /** What the walk meets first is never accepted; it must not come back with fewer than there are. */
    @Test
    void shouldReturnKThoughOnlyTheFarthestMatch() {
        float[] query = random.next();
        List<float[]> vectors = new ArrayList<>();
        for (int i = 0; i < POINTS; i++) {
            vectors.add(random.next());
        }
        vectors.sort(Comparator.comparingDouble(v -> score(Metric.EUCLIDEAN, query, v)));
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < POINTS; i++) {
            points.add(new Point("p" + i, vectors.get(i), Metadata.ofJson("{\"n\":" + i + "}")));
        }
        HeapShard shard = new HeapShard(config(Metric.EUCLIDEAN, true));
        shard.upsert(points);
        shard.link();
        Filter far = new Filter.Compare("n", Filter.Op.LT, new Filter.Value.Num(POINTS * 0.4));
        for (int k : new int[] {1, 10, 100, 799}) {
            List<ScoredPoint> found =
                    shard.snapshot().search(SearchRequest.of(query, k).withFilter(far), scratch);
            assertThat(found).hasSize(k);
            assertThat(found)
                    .allSatisfy(p ->
                            assertThat(Integer.parseInt(p.id().substring(1))).isLessThan((int) (POINTS * 0.4)));
        }
    }

    @ParameterizedTest
    @EnumSource(Metric.class)
    void shouldLeaveOutWhatScoresBelowTheThreshold(Metric metric) {
        HeapShard shard = new HeapShard(config(metric, true));
        List<Point> points = random.points("p", 500);
        shard.upsert(points);
        float[] query = random.next();
        List<Point> all = nearest(points, metric, query, 500);
        for (int kept : new int[] {1, 5, 100}) {
            float threshold = (float) ((score(metric, query, all.get(kept - 1).vector())
                            + score(metric, query, all.get(kept).vector()))
                    / 2);
            SearchRequest request = new SearchRequest(query, 200, 0, true, threshold, null, true, true);
            List<ScoredPoint> found = shard.snapshot().search(request, scratch);
            assertEqual(found, all.subList(0, kept), metric, query);
        }
        SearchRequest nothing = new SearchRequest(query, 200, 0, true, Float.MAX_VALUE, null, true, true);
        assertThat(shard.snapshot().search(nothing, scratch)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Metric.class)
    void shouldReturnEverythingWhenKExceedsTheCount(Metric metric) {
        HeapShard shard = new HeapShard(config(metric, true));
        float[] query = random.next();
        assertThat(shard.snapshot().search(SearchRequest.of(query, 10), scratch))
                .isEmpty();
        List<Point> points = random.points("p", 1_500);
        shard.upsert(points);
        shard.link();
        shard.delete(List.of("p0", "p1499"));
        List<Point> live = points.subList(1, 1_499);
        assertEqual(
                shard.snapshot().search(SearchRequest.of(query, 10_000), scratch),
                nearest(live, metric, query, 1_498),
                metric,
                query);
    }

    @Test
    void shouldBeExactInACollectionWithoutAGraph() {
        HeapShard shard = new HeapShard(config(Metric.COSINE, false));
        List<Point> points = random.points("p", 2_500);
        shard.upsert(points);
        shard.link();
        for (int q = 0; q < 10; q++) {
            float[] query = random.next();
            assertEqual(
                    shard.snapshot().search(SearchRequest.of(query, 20), scratch),
                    nearest(points, Metric.COSINE, query, 20),
                    Metric.COSINE,
                    query);
        }
    }

    @ParameterizedTest
    @EnumSource(Quantization.class)
    void shouldMeasureFloatsUntilTheCodesOfACheckpointAreMadeAgain(Quantization quantization, @TempDir Path directory)
            throws IOException {
        CollectionConfig config = new CollectionConfig("c", DIMENSIONS, Metric.EUCLIDEAN, 1, 8, 60, true, quantization);
        HeapShard uninterrupted = new HeapShard(config);
        HeapShard restarted = new HeapShard(config);
        List<Point> points = random.points("p", POINTS);
        for (HeapShard shard : List.of(uninterrupted, restarted)) {
            shard.upsert(points.subList(0, 3_000));
            shard.link();
        }
        restarted.checkpointAndReload(directory);
        assertThat(restarted.state().codesDue()).isEqualTo(config.effectiveQuantization() != Quantization.NONE);
        for (int step = 0; restarted.state().codesDue(); step++) {
            restarted.state().encodeStep(Parallel.NONE);
            if (step == 1) { // writes do not wait for codes
                restarted.upsert(points.subList(3_000, POINTS));
            }
            List<Point> there = points.subList(0, restarted.snapshot().count());
            float[] query = random.next();
            List<ScoredPoint> found = restarted.snapshot().search(SearchRequest.of(query, 10), scratch);
            assertThat(ids(found)).containsAnyElementsOf(nearestIds(there, query));
        }
        if (restarted.snapshot().count() < POINTS) {
            restarted.upsert(points.subList(3_000, POINTS));
        }
        uninterrupted.upsert(points.subList(3_000, POINTS));
        uninterrupted.link();
        restarted.link();
        for (int i = 0; i < 20; i++) {
            SearchRequest request = SearchRequest.of(random.next(), 10);
            assertThat(restarted.snapshot().search(request, scratch))
                    .isEqualTo(uninterrupted.snapshot().search(request, scratch));
        }
        assertThat(restarted.snapshot().rows().coded())
                .isEqualTo(uninterrupted.snapshot().rows().coded());
    }

    private static Set<String> nearestIds(List<Point> points, float[] query) {
        return nearest(points, Metric.EUCLIDEAN, query, 10).stream()
                .map(Point::id)
                .collect(Collectors.toSet());
    }
}
