package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.ExplainedSearch;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.Quantization;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchExplanation.Plan;
import dev.shaula.model.SearchRequest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Searches for all that score as much as asked, beside brute force. */
class RangeSearchTest {
    private static final long SEED = 1_105;
    private static final int N = 7_000;
    private static final int QUERIES = 5;

    private final Random random = new Random(SEED);
    private float[][] base = {};

    /** Around forty centres that lie at different distances from each other. */
    private float[][] clusters(int n, int d) {
        float[][] centres = new float[40][];
        for (int c = 0; c < centres.length; c++) {
            centres[c] = gaussian(d, 1 + c / 20f);
        }
        float[][] vectors = new float[n][];
        for (int i = 0; i < n; i++) {
            vectors[i] = gaussian(d, 1);
            float[] centre = centres[random.nextInt(centres.length)];
            for (int j = 0; j < d; j++) {
                vectors[i][j] += centre[j];
            }
        }
        return vectors;
    }

    private float[] gaussian(int d, float size) {
        float[] v = new float[d];
        for (int i = 0; i < d; i++) {
            v[i] = size * (float) random.nextGaussian();
        }
        return v;
    }

    private ShardSnapshot indexed(Metric metric, int d, Quantization quantization) {
        System.out.println("seed " + SEED);
        base = clusters(N + QUERIES, d);
        HeapShard shard = new HeapShard(new CollectionConfig("range", d, metric, 1, 16, 64, true, quantization));
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < N; i++) {
            points.add(new Point(Integer.toString(i), base[i], Metadata.EMPTY));
        }
        shard.upsert(points);
        shard.link();
        return shard.snapshot();
    }

    private static SearchRequest range(float[] query, int k, float least) {
        return new SearchRequest(query, k, 0, false, least, null, false, false);
    }

    /** The score of the {@code n}-th nearest row. */
    private static float scoreOf(ShardSnapshot snapshot, float[] query, int n) {
        List<ScoredPoint> nearest = snapshot.search(SearchRequest.of(query, n).withExact(true), new SearchScratch());
        return nearest.get(n - 1).score();
    }

    @ParameterizedTest
    @CsvSource({"EUCLIDEAN, 24, NONE", "COSINE, 24, INT4", "DOT, 24, INT8", "EUCLIDEAN, 192, BITS"})
    void shouldFindWhatIsInRangeHoweverManyThatAre(Metric metric, int d, Quantization quantization) {
        ShardSnapshot snapshot = indexed(metric, d, quantization);
        SearchScratch scratch = new SearchScratch();
        for (int wanted : new int[] {1, 12, 90, 300, 1_500}) {
            int found = 0;
            int expected = 0;
            for (int q = 0; q < QUERIES; q++) {
                float[] query = base[N + q];
                float least = scoreOf(snapshot, query, wanted);
                Set<String> truth =
                        ids(snapshot.search(range(query, 5_000, least).withExact(true), scratch));
                List<ScoredPoint> points = snapshot.search(range(query, 5_000, least), scratch);
                assertThat(points).allSatisfy(p -> assertThat(p.score()).isGreaterThanOrEqualTo(least));
                assertThat(points.stream().map(ScoredPoint::score).toList())
                        .isSortedAccordingTo((a, b) -> Float.compare(b, a));
                expected += truth.size();
                truth.retainAll(ids(points));
                found += truth.size();
            }
            System.out.println(metric + " " + quantization + ": " + found + " of " + expected);
            assertThat(found).as("of " + expected).isGreaterThanOrEqualTo((int) (0.98 * expected));
        }
    }

    private static Set<String> ids(List<ScoredPoint> points) {
        return new HashSet<>(points.stream().map(ScoredPoint::id).toList());
    }

    @Test
    void shouldReturnTheNearestKOfMoreThatAreInRange() {
        ShardSnapshot snapshot = indexed(Metric.EUCLIDEAN, 32, Quantization.INT8);
        float[] query = base[N];
        List<ScoredPoint> points =
                snapshot.search(range(query, 200, scoreOf(snapshot, query, 900)), new SearchScratch());
        assertThat(points).hasSize(200);
        Set<String> nearest = ids(snapshot.search(SearchRequest.of(query, 200).withExact(true), new SearchScratch()));
        nearest.retainAll(ids(points));
        assertThat(nearest).hasSizeGreaterThanOrEqualTo(194);
    }

    @Test
    void shouldCostNoMoreForALargeTopKWhenFewAreInRange() {
        ShardSnapshot snapshot = indexed(Metric.EUCLIDEAN, 32, Quantization.INT8);
        SearchScratch scratch = new SearchScratch();
        long narrow = 0;
        long few = 0;
        for (int q = 0; q < QUERIES; q++) {
            float[] query = base[N + q];
            float least = scoreOf(snapshot, query, 12);
            narrow += distances(snapshot.explain(range(query, 12, least), scratch));
            ExplainedSearch large = snapshot.explain(range(query, 5_000, least), scratch);
            assertThat(large.shards().getFirst().plan()).containsExactly(Plan.WALK);
            few += distances(large);
        }
        assertThat(few).isLessThan(narrow + narrow / 10);
    }

    @Test
    void shouldScanRatherThanWalkThroughNearlyEverything() {
        ShardSnapshot snapshot = indexed(Metric.EUCLIDEAN, 32, Quantization.INT8);
        ExplainedSearch most = snapshot.explain(range(base[N], 5_000, 1e-9f), new SearchScratch());
        assertThat(most.points()).hasSize(5_000);
        assertThat(most.shards().getFirst().plan()).containsExactly(Plan.WALK, Plan.SCAN);
        assertThat(distances(most)).isLessThan(3L * N);
    }

    private static long distances(ExplainedSearch search) {
        return search.shards().stream().mapToLong(s -> s.distances()).sum();
    }

    @ParameterizedTest
    @CsvSource({"COSINE", "DOT", "EUCLIDEAN"})
    void shouldTurnScoresBackIntoDistances(Metric metric) {
        for (float distance : new float[] {0, 1e-3f, 0.5f, 1, 1.999f}) {
            float back = metric.distance(metric.score(distance));
            assertThat(Math.abs(back - distance)).isLessThan(1e-4f);
        }
        assertThat(metric.distance(Float.NEGATIVE_INFINITY)).isEqualTo(Float.POSITIVE_INFINITY);
    }
}
