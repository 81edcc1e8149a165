package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Metric;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Walks that end before as many candidates as they may keep are expanded, because the rest is too far away. */
class EarlyEndTest {
    private static final int K = 10;
    private static final int QUERIES = 100;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 32})
    void shouldFindTheNearestInFewDimensionsWithAFractionOfTheWork(int d) {
        int n = 4_000;
        float[][] vectors = Graphs.clusters(d, n + QUERIES, d, 20);
        float[][] base = Arrays.copyOf(vectors, n);
        float[][] queries = Arrays.copyOfRange(vectors, n, n + QUERIES);
        FloatRows.View rows = Graphs.rows(base);
        HnswGraph graph = Graphs.build(Metric.EUCLIDEAN, rows, HnswBuilder.step(), Parallel.NONE);
        assertThat(Graphs.recall(Metric.EUCLIDEAN, graph, base, queries, K, 200, Graphs.all()))
                .isGreaterThanOrEqualTo(0.99);
        long early = measured(graph, rows, queries, K, 200);
        long full = measured(graph, rows, queries, 200, 200);
        assertThat(early).as("of %d distances", full).isLessThan(2 * full / 3);
    }

    @Test
    void shouldFindTheNearestLiveRowsWhereverTheDeadOnesAre() {
        int n = 4_000;
        float[][] vectors = Graphs.clusters(21, n + QUERIES, 24, 40);
        float[][] base = Arrays.copyOf(vectors, n);
        float[][] queries = Arrays.copyOfRange(vectors, n, n + QUERIES);
        FloatRows.View rows = Graphs.rows(base);
        HnswGraph graph = Graphs.build(Metric.EUCLIDEAN, rows, HnswBuilder.step(), Parallel.NONE);
        Random random = new Random(22);
        for (double dead : new double[] {0, 0.001, 0.1, 0.25, 0.5, 0.9, 0.999}) {
            long[] bits = Graphs.bits(n, i -> random.nextDouble() >= dead);
            assertLiveFound(dead + " by chance", graph, base, rows, queries, i -> (bits[i >>> 6] >>> i & 1) != 0);
        }
        for (float[] query : Arrays.copyOf(queries, 10)) {
            for (int dead : new int[] {5, 30, 100, 1_000, 3_995}) {
                double limit = Graphs.nearest(Metric.EUCLIDEAN, base, query, dead + 1, Graphs.all())[dead];
                IntPredicate live = i -> Graphs.distance(Metric.EUCLIDEAN, query, base[i]) >= limit;
                assertLiveFound(dead + " around the query", graph, base, rows, new float[][] {query}, live);
            }
        }
    }

    private static void assertLiveFound(
            String dead, HnswGraph graph, float[][] base, FloatRows.View rows, float[][] queries, IntPredicate live) {
        long[] bits = Graphs.bits(base.length, live);
        int count = (int) Arrays.stream(bits).map(Long::bitCount).sum();
        FloatScorer scorer = new FloatScorer(Metric.EUCLIDEAN, rows);
        GraphSearcher searcher = new GraphSearcher();
        for (float[] query : queries) {
            scorer.query(query);
            int found = searcher.search(graph, base.length, scorer, K, 50, bits);
            assertThat(found).as(dead).isBetween(Math.min(K, count), 50);
            for (int i = 0; i < found; i++) {
                assertThat(live.test(searcher.ordinal(i))).as(dead).isTrue();
                assertThat(i == 0 || searcher.distance(i - 1) <= searcher.distance(i))
                        .isTrue();
            }
        }
        assertThat(Graphs.recall(Metric.EUCLIDEAN, graph, base, queries, K, 50, live))
                .as(dead)
                .isGreaterThanOrEqualTo(0.98);
    }

    private static long measured(HnswGraph graph, FloatRows.View rows, float[][] queries, int k, int ef) {
        CountingDistances scorer = new CountingDistances(new FloatScorer(Metric.EUCLIDEAN, rows));
        GraphSearcher searcher = new GraphSearcher();
        for (float[] query : queries) {
            scorer.query(query);
            searcher.search(graph, rows.count(), scorer, k, ef, null);
        }
        return scorer.measured;
    }
}
