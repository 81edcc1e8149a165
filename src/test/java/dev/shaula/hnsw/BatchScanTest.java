package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.model.Metric;
import dev.shaula.vectors.FloatBatch;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.function.IntPredicate;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NullMarked
class BatchScanTest {
    private static final int ROWS = 1_500;

    private final BatchScan batch = new BatchScan();
    private final GraphSearcher single = new GraphSearcher();
    private final MatchRanking ranking = new MatchRanking();

    private static float[][] vectors(int n, int d) {
        Random random = new Random(31);
        float[][] vectors = new float[n][d];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < d; j++) {
                vectors[i][j] = (float) random.nextGaussian();
            }
            if (i % 10 == 9) {
                vectors[i] = vectors[i - 1]; // equally far: the order among them must be the same
            }
        }
        return vectors;
    }

    @ParameterizedTest
    @EnumSource
    void shouldGiveTheAnswersOfSearchesOneByOneToTheLastBit(Metric metric) {
        for (int d : new int[] {1, 13, 144, 1_536}) {
            float[][] vectors = vectors(ROWS, d);
            FloatRows.View rows = Graphs.rows(vectors);
            for (int queries : new int[] {1, 2, 3, 16}) {
                for (int n : new int[] {0, 1, 63, 64, 65, ROWS}) {
                    compare(metric, rows, vectors, queries, n, null);
                }
                for (IntPredicate accepted : new IntPredicate[] {
                    i -> false, i -> true, i -> i % 3 != 0, i -> i % 97 == 5, i -> i >= 60 && i < 1_000
                }) {
                    compare(metric, rows, vectors, queries, ROWS, Graphs.bits(ROWS, accepted));
                }
            }
        }
    }

    @Test
    void shouldReadRowsTooWideForBlocksOf64() {
        float[][] vectors = vectors(130, 9_000);
        FloatRows.View rows = Graphs.rows(vectors);
        assertThat(new FloatBatch(Metric.COSINE, rows).blockRows()).isLessThan(64);
        compare(Metric.COSINE, rows, vectors, 5, 130, null);
        compare(Metric.COSINE, rows, vectors, 4, 130, Graphs.bits(130, i -> i % 5 != 0));
    }

    private void compare(
            Metric metric, FloatRows.View rows, float[][] vectors, int queries, int n, long @Nullable [] accepted) {
        FloatBatch distances = new FloatBatch(metric, rows);
        FloatScorer scorer = new FloatScorer(metric, rows);
        int[] k = new int[queries];
        for (int q = 0; q < queries; q++) {
            distances.query(q, vectors[7 * q]);
            k[q] = q == 1 ? 10_000 : 1 + 5 * q;
        }
        batch.scan(n, distances, k, accepted);
        for (int q = 0; q < queries; q++) {
            scorer.query(vectors[7 * q]);
            int count;
            if (accepted == null) {
                count = single.scan(n, scorer, k[q], null);
            } else {
                ranking.scan(n, scorer, accepted, k[q]);
                count = ranking.count();
            }
            assertThat(batch.count(q)).isEqualTo(count);
            for (int i = 0; i < count; i++) {
                assertThat(batch.ordinal(q, i)).isEqualTo(accepted == null ? single.ordinal(i) : ranking.ordinal(i));
                assertThat(batch.distance(q, i)).isEqualTo(accepted == null ? single.distance(i) : ranking.distance(i));
            }
        }
    }

    @Test
    void shouldEndAtTheNextBlockOnceItIsNotWantedAndAnswerTheNextAsIfNothingHadHappened() {
        float[][] vectors = vectors(ROWS, 16);
        FloatRows.View rows = Graphs.rows(vectors);
        FloatBatch distances = new FloatBatch(Metric.EUCLIDEAN, rows);
        distances.query(0, vectors[0]);
        distances.query(1, vectors[1]);
        int[] asked = {0};
        batch.stopWhen(() -> ++asked[0] > 3);
        assertThatThrownBy(() -> batch.scan(ROWS, distances, new int[] {5, 5}, null))
                .isInstanceOf(CancellationException.class);
        assertThat(asked[0]).isEqualTo(4);

        batch.stopWhen(null);
        compare(Metric.EUCLIDEAN, rows, vectors, 2, ROWS, null);
    }
}
