package dev.shaula.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Metric;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FloatScorerTest {
    private static final int[] DIMENSIONS = {1, 2, 13, 16, 17, 63, 64, 65, 207, 702, 784, 1536};

    @ParameterizedTest
    @EnumSource
    void shouldMeasureWhatTheMetricSaysFromEveryKindOfQuery(Metric metric) {
        for (int d : DIMENSIONS) {
            float[][] vectors = vectors(d, 40);
            FloatRows.View rows = rows(vectors);
            FloatScorer scorer = new FloatScorer(metric, rows);
            float[] batch = new float[40];
            int[] ordinals = new Random(d).ints(40, 0, 40).toArray();
            for (int q = 0; q < 40; q++) {
                scorer.query(vectors[q]);
                scorer.distances(ordinals, 40, batch);
                for (int i = 0; i < 40; i++) {
                    assertClose(metric, scorer.distance(i), vectors[q], vectors[i]);
                    assertThat(batch[i]).isEqualTo(scorer.distance(ordinals[i]));
                    assertClose(metric, scorer.between(q, i), vectors[q], vectors[i]);
                }
                scorer.queryRow(q);
                for (int i = 0; i < 40; i++) {
                    assertClose(metric, scorer.distance(i), vectors[q], vectors[i]);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldMeasureRunsOfRowsAsItMeasuresEachOfThem(Metric metric) {
        // 1,024 rows of 1,024 dimensions to a chunk; runs that end at its end, that cross it, and that are too short
        for (int d : new int[] {13, 702, 1024}) {
            FloatRows.View rows = rows(vectors(d, 1_100));
            FloatScorer scorer = new FloatScorer(metric, rows);
            float[] batch = new float[1_100];
            scorer.query(vectors(d, 1)[0]);
            for (int[] ordinals : List.of(
                    IntStream.range(0, 1_100).toArray(),
                    IntStream.range(1_000, 1_024).toArray(),
                    IntStream.range(990, 1_058).toArray(),
                    IntStream.range(0, 900).filter(i -> i % 7 != 0).toArray(),
                    IntStream.range(0, 300).map(i -> 299 - i).toArray(),
                    new int[] {3, 4, 5, 6, 7, 9, 10, 11, 1_099, 0, 0, 1, 2, 3})) {
                scorer.distances(ordinals, ordinals.length, batch);
                for (int i = 0; i < ordinals.length; i++) {
                    assertThat(batch[i]).as("row %d", ordinals[i]).isEqualTo(scorer.distance(ordinals[i]));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void shouldLeaveTheQueryAsItIsWhenMeasuringBetweenRows(Metric metric) {
        float[][] vectors = vectors(17, 3);
        FloatScorer scorer = new FloatScorer(metric, rows(vectors));
        scorer.queryRow(0);
        float before = scorer.distance(2);
        assertThat(scorer.between(1, 2)).isNotEqualTo(before);
        assertThat(scorer.distance(2)).isEqualTo(before);
    }

    @Test
    void shouldNotLetAnEarlierQueryShowThroughThePadding() {
        // 17 dimensions are padded to 32: rows that follow are not zero there unless someone wrote zeros.
        float[][] vectors = vectors(17, 5);
        FloatRows.View rows = rows(vectors);
        FloatScorer reused = new FloatScorer(Metric.EUCLIDEAN, rows);
        reused.query(vectors[0]);
        reused.queryRow(1);
        reused.query(vectors[2]);
        FloatScorer fresh = new FloatScorer(Metric.EUCLIDEAN, rows);
        fresh.query(vectors[2]);
        for (int i = 0; i < 5; i++) {
            assertThat(reused.distance(i)).isEqualTo(fresh.distance(i));
        }
    }

    @Test
    void shouldGiveTheZeroVectorACosineOfZeroToEverything() {
        float[][] vectors = {new float[13], vectors(13, 1)[0]};
        FloatScorer scorer = new FloatScorer(Metric.COSINE, rows(vectors));
        assertThat(scorer.between(0, 1)).isEqualTo(1);
        assertThat(scorer.between(1, 0)).isEqualTo(1);
        assertThat(scorer.between(0, 0)).isEqualTo(1);
        scorer.query(vectors[0]);
        assertThat(scorer.distance(1)).isEqualTo(1);
        scorer.query(vectors[1]);
        assertThat(scorer.distance(0)).isEqualTo(1);
    }

    @Test
    void shouldCompareDirectionsOfVectorsOfVeryDifferentLength() {
        float[] direction = vectors(64, 1)[0];
        float[][] vectors = {scaled(direction, 1e15f), scaled(direction, 1e-15f), scaled(direction, -1)};
        FloatScorer scorer = new FloatScorer(Metric.COSINE, rows(vectors));
        for (float length : new float[] {1e-18f, 1, 1e18f}) {
            scorer.query(scaled(direction, length));
            assertThat(scorer.distance(0)).isBetween(-1e-5f, 1e-5f);
            assertThat(scorer.distance(1)).isBetween(-1e-5f, 1e-5f);
            assertThat(scorer.distance(2)).isBetween(2 - 1e-5f, 2 + 1e-5f);
        }
        assertThat(scorer.between(0, 1)).isBetween(-1e-5f, 1e-5f);
    }

    @Test
    void shouldStayFiniteWhenAVectorIsTooShortToHaveALength() {
        float[] tiny = {Float.MIN_VALUE, 0, 0};
        float[] ordinary = {1, 2, 3};
        FloatScorer scorer = new FloatScorer(Metric.COSINE, rows(new float[][] {tiny, ordinary}));
        scorer.query(tiny);
        assertThat(scorer.distance(0)).isFinite();
        assertThat(scorer.distance(1)).isFinite();
        assertThat(scorer.between(0, 1)).isFinite();
    }

    private static void assertClose(Metric metric, float actual, float[] a, float[] b) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        double difference = 0;
        double terms = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            terms += Math.abs((double) a[i] * b[i]);
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
            difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
        }
        double expected = switch (metric) {
            case COSINE -> 1 - dot / Math.sqrt(aa * bb);
            case DOT -> -dot;
            case EUCLIDEAN -> difference;
        };
        double magnitude = switch (metric) {
            case COSINE -> 2;
            case DOT -> terms;
            case EUCLIDEAN -> difference;
        };
        // n + 8 roundings: n of the sum, the rest of scales.
        double bound = (a.length + 8) * 0x1p-24 * magnitude;
        assertThat(Math.abs(actual - expected))
                .as("%s, d = %d: %s, expected %s", metric, a.length, actual, expected)
                .isLessThanOrEqualTo(bound);
    }

    private static FloatRows.View rows(float[][] vectors) {
        FloatRows rows = new FloatRows(vectors[0].length);
        for (float[] v : vectors) {
            rows.append(v);
        }
        return rows.view();
    }

    private static float[][] vectors(int d, int n) {
        Random random = new Random(d);
        float[][] vectors = new float[n][d];
        for (float[] v : vectors) {
            for (int i = 0; i < d; i++) {
                v[i] = (float) random.nextGaussian();
            }
        }
        return vectors;
    }

    private static float[] scaled(float[] v, float factor) {
        float[] result = new float[v.length];
        for (int i = 0; i < v.length; i++) {
            result[i] = v[i] * factor;
        }
        return result;
    }
}
