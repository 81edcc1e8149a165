package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Metric;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FilteredGraphSearcherTest {
    private static final int BASE = 6_000;
    private static final int EF = 100;
    private static final int K = 10;

    private final Random random = new Random(31);
    private float[][] base;
    private float[][] queries;
    private FloatRows.View rows;
    private HnswGraph graph;

    @BeforeAll
    void build() {
        float[][] vectors = Graphs.clusters(30, BASE + 60, 32, 40);
        base = Arrays.copyOf(vectors, BASE);
        queries = Arrays.copyOfRange(vectors, BASE, BASE + 60);
        rows = Graphs.rows(base);
        graph = Graphs.build(Metric.EUCLIDEAN, rows, 500, Parallel.NONE);
    }

    /** Matches by chance, or those nearest to a query, or those farthest from it. */
    private boolean[] matches(String correlation, double share, float[] query) {
        boolean[] chosen = new boolean[BASE];
        if (correlation.equals("random")) {
            for (int i = 0; i < BASE; i++) {
                chosen[i] = random.nextDouble() < share;
            }
            return chosen;
        }
        int sign = correlation.equals("near") ? 1 : -1;
        IntStream.range(0, BASE)
                .boxed()
                .sorted((a, b) -> sign
                        * Double.compare(
                                Graphs.distance(Metric.EUCLIDEAN, query, base[a]),
                                Graphs.distance(Metric.EUCLIDEAN, query, base[b])))
                .limit((int) (share * BASE))
                .forEach(i -> chosen[i] = true);
        return chosen;
    }

    @ParameterizedTest
    @CsvSource({
        "random, 0.9, 0.99",
        "random, 0.5, 0.99",
        "random, 0.1, 0.97",
        "random, 0.04, 0.95",
        "near, 0.5, 0.99",
        "near, 0.05, 0.97",
        "far, 0.9, 0.95",
        "far, 0.5, 0.95",
        "far, 0.2, 0.95",
    })
    void shouldFindTheNearestMatchesAndMeasureNoOthers(String correlation, double share, double floor) {
        FilteredGraphSearcher searcher = new FilteredGraphSearcher();
        double hits = 0;
        int wide = 0;
        for (float[] query : queries) {
            boolean[] chosen = matches(correlation, share, query);
            IntPredicate accepted = i -> chosen[i];
            FloatScorer scorer = new FloatScorer(Metric.EUCLIDEAN, rows);
            scorer.query(query);
            int ef = EF;
            long[] bits = Graphs.bits(BASE, accepted);
            FilteredGraphSearcher.End end = searcher.search(graph, scorer, walk(bits, ef, Long.MAX_VALUE, false));
            if (end == FilteredGraphSearcher.End.FAR_AWAY) {
                wide++;
                ef = 4 * EF;
                end = searcher.search(graph, scorer, walk(bits, ef, Long.MAX_VALUE, true));
            }
            assertThat(end).isEqualTo(FilteredGraphSearcher.End.COMPLETE);
            assertThat(searcher.count()).isEqualTo(ef);
            double[] truth = Graphs.nearest(Metric.EUCLIDEAN, base, query, K, accepted);
            for (int i = 0; i < K; i++) {
                assertThat(accepted.test(searcher.ordinal(i))).isTrue();
                hits += searcher.distance(i) <= truth[K - 1] * (1 + 1e-5) ? 1 : 0;
            }
            assertThat(IntStream.range(0, ef).map(searcher::ordinal).distinct().count())
                    .isEqualTo(ef);
        }
        double recall = hits / (K * queries.length);
        System.out.printf("%s %s recall %.4f, %d wide%n", correlation, share, recall, wide);
        assertThat(wide).isLessThanOrEqualTo(correlation.equals("far") ? queries.length : queries.length / 10);
        assertThat(recall).isGreaterThanOrEqualTo(floor);
    }

    private static FilteredGraphSearcher.Walk walk(long[] accepted, int ef, long budget, boolean anywhere) {
        int[] matches = IntStream.range(0, BASE)
                .filter(i -> (accepted[i >>> 6] & 1L << i) != 0)
                .toArray();
        int[] seeds = Arrays.copyOf(matches, 16);
        return new FilteredGraphSearcher.Walk(
                BASE, accepted, ef, seeds, (double) matches.length / BASE, budget, anywhere);
    }

    @Test
    void shouldNoticeThatTheMatchesAreFarFromTheQuery() {
        float[][] two = Graphs.clusters(32, 4_000, 16, 1);
        for (int i = 0; i < two.length; i += 2) {
            two[i][0] += 100; // every other row lies elsewhere, and none in between
        }
        FloatRows.View places = Graphs.rows(two);
        HnswGraph both = Graphs.build(Metric.EUCLIDEAN, places, 500, Parallel.NONE);
        FloatScorer scorer = new FloatScorer(Metric.EUCLIDEAN, places);
        FilteredGraphSearcher searcher = new FilteredGraphSearcher();
        for (int row = 0; row < 20; row++) {
            scorer.query(two[row]);
            int side = row % 2;
            assertThat(searcher.search(both, scorer, halfOf(two.length, i -> i % 2 != side)))
                    .isEqualTo(FilteredGraphSearcher.End.FAR_AWAY);
            assertThat(searcher.search(both, scorer, halfOf(two.length, i -> i % 2 == side)))
                    .isEqualTo(FilteredGraphSearcher.End.COMPLETE);
            assertThat(searcher.search(both, scorer, halfOf(two.length, i -> i / 2 % 2 == 0)))
                    .isEqualTo(FilteredGraphSearcher.End.COMPLETE);
        }
    }

    private static FilteredGraphSearcher.Walk halfOf(int rows, IntPredicate accepted) {
        int[] seeds = IntStream.range(0, rows).filter(accepted).limit(16).toArray();
        return new FilteredGraphSearcher.Walk(rows, Graphs.bits(rows, accepted), EF, seeds, 0.5, Long.MAX_VALUE, false);
    }

    @Test
    void shouldGiveUpWhenItsBudgetIsSpent() {
        FloatScorer scorer = new FloatScorer(Metric.EUCLIDEAN, rows);
        scorer.query(queries[0]);
        long[] half = Graphs.bits(BASE, i -> i % 2 == 0);
        assertThat(new FilteredGraphSearcher().search(graph, scorer, walk(half, EF, 50, false)))
                .isEqualTo(FilteredGraphSearcher.End.EXHAUSTED);
    }

    @Test
    void shouldSayThatItFoundLessThanWasWanted() {
        FloatScorer scorer = new FloatScorer(Metric.EUCLIDEAN, rows);
        scorer.query(queries[0]);
        FilteredGraphSearcher searcher = new FilteredGraphSearcher();
        long[] few = Graphs.bits(BASE, i -> i % 200 == 7);
        assertThat(searcher.search(graph, scorer, walk(few, EF, Long.MAX_VALUE, true)))
                .isEqualTo(FilteredGraphSearcher.End.CUT_OFF);
        assertThat(searcher.count()).isBetween(1, 30);
    }

    /** The graph knows the first half only; the rest is measured one by one. */
    @Test
    void shouldFindWhatIsNotLinkedYet() {
        HnswGraph half = Graphs.build(Metric.EUCLIDEAN, Graphs.rows(Arrays.copyOf(base, BASE / 2)), 500, Parallel.NONE);
        FloatScorer scorer = new FloatScorer(Metric.EUCLIDEAN, rows);
        FilteredGraphSearcher searcher = new FilteredGraphSearcher();
        long[] third = Graphs.bits(BASE, i -> i % 3 == 0);
        double hits = 0;
        for (float[] query : queries) {
            scorer.query(query);
            searcher.search(half, scorer, walk(third, EF, Long.MAX_VALUE, true));
            double[] truth = Graphs.nearest(Metric.EUCLIDEAN, base, query, K, i -> i % 3 == 0);
            for (int i = 0; i < K; i++) {
                hits += searcher.distance(i) <= truth[K - 1] * (1 + 1e-5) ? 1 : 0;
            }
        }
        assertThat(hits / (K * queries.length)).isGreaterThanOrEqualTo(0.98);
    }
}
