package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.SharedData;
import dev.shaula.model.Metric;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Recall is a promise with a floor, against brute force in double precision. */
class RecallTest {
    @ParameterizedTest
    @CsvSource({"COSINE, 0.99", "EUCLIDEAN, 0.99", "DOT, 0.97"})
    void shouldFindTheNearestOfClusteredVectors(Metric metric, double floor) {
        float[][] vectors = Graphs.clusters(21, 4_100, 48, 40);
        float[][] base = Arrays.copyOf(vectors, 4_000);
        float[][] queries = Arrays.copyOfRange(vectors, 4_000, 4_100);
        HnswGraph graph = Graphs.build(metric, Graphs.rows(base), 250, Parallel.NONE);
        check(Graphs.recall(metric, graph, base, queries, 10, 100, Graphs.all()), floor);
    }

    @Test
    void shouldLoseNoRecallByAddingInBatches() {
        float[][] vectors = Graphs.clusters(22, 5_100, 64, 30);
        float[][] base = Arrays.copyOf(vectors, 5_000);
        float[][] queries = Arrays.copyOfRange(vectors, 5_000, 5_100);
        FloatRows.View rows = Graphs.rows(base);
        double oneByOne = recallOf(rows, base, queries, 1);
        assertThat(oneByOne).isGreaterThanOrEqualTo(0.97);
        for (int batch : new int[] {37, 1_000}) {
            check(recallOf(rows, base, queries, batch), oneByOne - 0.01);
        }
    }

    @ParameterizedTest
    @CsvSource({"COSINE, 2, 0.98", "COSINE, 20, 0.98", "EUCLIDEAN, 20, 0.98", "DOT, 20, 0.95"})
    void shouldReturnAcceptedOrdinalsOnlyAndTheNearestOfThem(Metric metric, int oneIn, double floor) {
        float[][] vectors = Graphs.clusters(23, 4_100, 32, 40);
        float[][] base = Arrays.copyOf(vectors, 4_000);
        float[][] queries = Arrays.copyOfRange(vectors, 4_000, 4_100);
        FloatRows.View rows = Graphs.rows(base);
        HnswGraph graph = Graphs.build(metric, rows, 500, Parallel.NONE);
        Random random = new Random(24);
        boolean[] chosen = new boolean[base.length];
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = random.nextInt(oneIn) == 0;
        }
        IntPredicate accepted = i -> chosen[i];
        shouldReturnOnly(accepted, metric, graph, rows, queries);
        check(Graphs.recall(metric, graph, base, queries, 10, 100, accepted), floor);
    }

    private static void shouldReturnOnly(
            IntPredicate accepted, Metric metric, HnswGraph graph, FloatRows.View rows, float[][] queries) {
        long[] bits = Graphs.bits(rows.count(), accepted);
        FloatScorer scorer = new FloatScorer(metric, rows);
        GraphSearcher searcher = new GraphSearcher();
        for (float[] query : queries) {
            scorer.query(query);
            int n = searcher.search(graph, graph.size(), scorer, 10, 100, bits);
            assertThat(IntStream.range(0, n).map(searcher::ordinal)).allMatch(accepted::test);
            for (int i = 1; i < n; i++) {
                assertThat(searcher.distance(i)).isGreaterThanOrEqualTo(searcher.distance(i - 1));
            }
        }
    }

    @Test
    void shouldReturnNothingWhenNothingIsAccepted() {
        float[][] vectors = Graphs.clusters(25, 500, 8, 4);
        FloatRows.View rows = Graphs.rows(vectors);
        HnswGraph graph = Graphs.build(Metric.EUCLIDEAN, rows, 100, Parallel.NONE);
        FloatScorer scorer = new FloatScorer(Metric.EUCLIDEAN, rows);
        scorer.query(vectors[0]);
        assertThat(new GraphSearcher().search(graph, graph.size(), scorer, 10, 50, new long[8]))
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 16, 17, 33, 257})
    void shouldReturnAllNodesOfASmallGraph(int n) {
        float[][] vectors = Graphs.clusters(26, n, 13, 3);
        for (Metric metric : Metric.values()) {
            HnswGraph graph = Graphs.build(metric, Graphs.rows(vectors), 7, Parallel.NONE);
            double recall = Graphs.recall(metric, graph, vectors, vectors, n, Math.max(n, 10), Graphs.all());
            // The inner product is no distance: a short vector may be nobody's neighbour.
            check(recall, metric == Metric.DOT ? 0.97 : 1);
        }
    }

    @Test
    void shouldFindNothingInTheEmptyGraph() {
        FloatRows.View rows = new FloatRows(4).view();
        FloatScorer scorer = new FloatScorer(Metric.DOT, rows);
        scorer.query(new float[4]);
        assertThat(new GraphSearcher().search(HnswGraph.empty(16), 0, scorer, 10, 10, null))
                .isZero();
    }

    @ParameterizedTest
    @EnumSource
    void shouldFindCopiesOfOneVector(Metric metric) {
        float[][] vectors = new float[2_000][];
        Arrays.fill(vectors, Graphs.clusters(27, 1, 16, 1)[0]);
        HnswGraph graph = Graphs.build(metric, Graphs.rows(vectors), 100, Parallel.NONE);
        float[][] query = {vectors[0]};
        assertThat(Graphs.recall(metric, graph, vectors, query, 500, 500, Graphs.all()))
                .isEqualTo(1);
        for (int live : new int[] {0, 1, 40, 777, 1_000, 1_999}) {
            assertThat(Graphs.recall(metric, graph, vectors, query, 1, 100, i -> i == live))
                    .as("copy %d is found when it is the only one accepted", live)
                    .isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 100, 1_000})
    void shouldFindNeighboursAcrossGroupsOfCopies(int copies) {
        float[][] originals = Graphs.clusters(28, 3_000 / copies, 16, 10);
        float[][] vectors = new float[4_000][];
        float[][] others = Graphs.clusters(29, 1_000, 16, 10);
        for (int i = 0; i < vectors.length; i++) {
            vectors[i] = i < 3_000 ? originals[i % originals.length] : others[i - 3_000];
        }
        java.util.Collections.shuffle(Arrays.asList(vectors), new Random(30));
        HnswGraph graph = Graphs.build(Metric.EUCLIDEAN, Graphs.rows(vectors), 100, Parallel.NONE);
        float[][] queries = Graphs.clusters(29, 1_100, 16, 10);
        queries = Arrays.copyOfRange(queries, 1_000, 1_100);
        check(Graphs.recall(Metric.EUCLIDEAN, graph, vectors, queries, 10, 100, Graphs.all()), 0.98);
        check(Graphs.recall(Metric.EUCLIDEAN, graph, vectors, originals, 10, 100, Graphs.all()), 0.98);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sift-128", "mnist-784"})
    void shouldFindTheNearestOfRealVectors(String name) {
        SharedData.Set set = SharedData.orSkip(name);
        float[][] base = Arrays.copyOf(set.base(), 10_000);
        float[][] queries = Arrays.copyOf(set.queries(), 100);
        HnswGraph graph = Graphs.build(Metric.EUCLIDEAN, Graphs.rows(base), 1_000, Parallel.NONE);
        check(Graphs.recall(Metric.EUCLIDEAN, graph, base, queries, 10, 100, Graphs.all()), 0.99);
    }

    private static double recallOf(FloatRows.View rows, float[][] base, float[][] queries, int batch) {
        HnswGraph graph = Graphs.build(Metric.COSINE, rows, batch, Parallel.NONE);
        return Graphs.recall(Metric.COSINE, graph, base, queries, 10, 64, Graphs.all());
    }

    private static void check(double recall, double floor) {
        assertThat(recall).as("recall").isGreaterThanOrEqualTo(floor);
    }
}
