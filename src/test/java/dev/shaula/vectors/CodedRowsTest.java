package dev.shaula.vectors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Metric;
import dev.shaula.model.Quantization;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CodedRowsTest {
    private static final int STEP = 128;
    private final Random random = new Random(11);

    /** Normal, around a centre that is not the origin: what a centre is for. */
    private float[] vector(int d) {
        float[] v = new float[d];
        for (int i = 0; i < d; i++) {
            v[i] = 0.7f + (float) random.nextGaussian();
        }
        return v;
    }

    private static void link(CodedRows rows, int linked) {
        for (int pieces = rows.plan(linked); pieces > 0; pieces = rows.plan(linked)) {
            for (int p = pieces - 1; p >= 0; p--) { // whatever the order
                rows.encode(p, rows.scratch());
            }
        }
    }

    private CodedRows linked(Metric metric, int d, int n, Quantization quantization) {
        CodedRows rows = new CodedRows(metric, d, quantization);
        for (int i = 0; i < n; i++) {
            rows.append(vector(d));
        }
        for (int size = STEP; size <= n; size += STEP) {
            link(rows, size);
        }
        return rows;
    }

    /** Root mean square of the error of {@code scorer} over the spread of the true distances. */
    private double relativeError(Scorer scorer, Scorer exact, float[] query, int n) {
        scorer.query(query);
        exact.query(query);
        int[] all = IntStream.range(0, n).toArray();
        float[] estimated = new float[n];
        scorer.distances(all, n, estimated);
        double mean =
                IntStream.range(0, n).mapToDouble(exact::distance).average().orElseThrow();
        double error = 0;
        double spread = 0;
        for (int i = 0; i < n; i++) {
            assertThat(estimated[i]).isEqualTo(scorer.distance(i));
            error += Math.pow(estimated[i] - exact.distance(i), 2);
            spread += Math.pow(exact.distance(i) - mean, 2);
        }
        return Math.sqrt(error / spread);
    }

    @ParameterizedTest
    @MethodSource("metricsAndDimensions")
    void shouldEstimateDistancesOnEightBitsWithinTwoHundredthsOfTheirSpread(Metric metric, int d) {
        CodedRows rows = linked(metric, d, 300, Quantization.INT8);
        CodeScratch scratch = new CodeScratch(d);
        Scorer approximate = rows.view().approximate(scratch);
        Scorer exact = rows.view().exact(new CodeScratch(d));
        assertThat(approximate.walker()).isNull();
        assertThat(relativeError(approximate, exact, vector(d), 300)).isLessThan(0.02);
        exact.queryRow(17);
        approximate.queryRow(17);
        double scale = metric == Metric.COSINE ? 1 : 1.5 * d;
        for (int i = 0; i < 300; i++) {
            assertThat((double) approximate.distance(i)).isCloseTo(exact.distance(i), Offset.offset(0.04 * scale));
            assertThat((double) approximate.between(17, i)).isCloseTo(exact.distance(i), Offset.offset(0.04 * scale));
        }
    }

    @ParameterizedTest
    @MethodSource("metricsAndDimensions")
    void shouldEstimateDistancesOnFourBitsWithinAFifthOfTheirSpread(Metric metric, int d) {
        CodedRows rows = linked(metric, d, 300, Quantization.INT4);
        Scorer approximate = rows.view().approximate(new CodeScratch(d));
        Scorer exact = rows.view().exact(new CodeScratch(d));
        assertThat(approximate.walker()).isNull();
        assertThat(relativeError(approximate, exact, vector(d), 300)).isLessThan(0.2);
        exact.queryRow(17);
        approximate.queryRow(17);
        // Of a row against itself no error averages out.
        double scale = metric == Metric.COSINE ? 1 : 1.5 * d;
        for (int i = 0; i < 300; i++) {
            assertThat((double) approximate.distance(i)).isCloseTo(exact.distance(i), Offset.offset(0.2 * scale));
            assertThat(approximate.between(17, i)).isCloseTo(approximate.distance(i), Offset.offset(1e-3f * d));
        }
    }

    static Stream<Arguments> metricsAndDimensions() {
        return Arrays.stream(Metric.values())
                .flatMap(m -> IntStream.of(32, 63, 128, 200, 784, 1_536).mapToObj(d -> Arguments.of(m, d)));
    }

    @ParameterizedTest
    @EnumSource(Metric.class)
    void shouldEstimateDistancesOnOneBitWithoutBiasAndBetterWithMoreDimensions(Metric metric) {
        double[] errors = IntStream.of(128, 1_536)
                .mapToDouble(d -> {
                    CodedRows rows = linked(metric, d, 1_280, Quantization.BITS);
                    Scorer approximate = rows.view().approximate(new CodeScratch(d));
                    Scorer exact = rows.view().exact(new CodeScratch(d));
                    float[] query = vector(d);
                    approximate.query(query);
                    exact.query(query);
                    Scorer walker = Objects.requireNonNull(approximate.walker());
                    double bias = IntStream.range(0, 1_280)
                            .mapToDouble(i -> walker.distance(i) - exact.distance(i))
                            .average()
                            .orElseThrow();
                    double size = IntStream.range(0, 1_280)
                            .mapToDouble(i -> Math.abs(exact.distance(i)))
                            .average()
                            .orElseThrow();
                    assertThat(Math.abs(bias) / size).as("bias at " + d).isLessThan(0.02);
                    return IntStream.range(0, 1_280)
                            .mapToDouble(i -> Math.abs(walker.distance(i) - exact.distance(i)) / size)
                            .average()
                            .orElseThrow();
                })
                .toArray();
        assertThat(errors[0]).isLessThan(0.3);
        assertThat(errors[1]).isLessThan(errors[0] / 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {128, 1_024, 1_152, 1_280, 2_048, 2_176, 2_304, 2_432, 3_072, 4_096, 4_608, 4_736})
    void shouldMakeTheSameCodesAtOnceAsStepByStep(int linked) {
        int d = 70;
        CodedRows stepwise = new CodedRows(Metric.COSINE, d, Quantization.BITS);
        FloatRows same = new FloatRows(d);
        for (int i = 0; i < linked + 50; i++) {
            float[] v = vector(d);
            stepwise.append(v);
            same.append(v);
        }
        for (int size = STEP; size <= linked; size += STEP) {
            link(stepwise, size);
        }
        CodedRows atOnce = new CodedRows(Metric.COSINE, same, Quantization.BITS);
        link(atOnce, linked);
        for (int i = 0; i < 50; i++) {
            float[] v = vector(d);
            stepwise.append(v);
            atOnce.append(v);
        }
        Scorer a = stepwise.view().approximate(new CodeScratch(d));
        Scorer b = atOnce.view().approximate(new CodeScratch(d));
        Scorer exact = stepwise.view().exact(new CodeScratch(d));
        float[] query = vector(d);
        a.query(query);
        b.query(query);
        exact.query(query);
        Scorer aWalker = a.walker();
        Scorer bWalker = b.walker();
        assertThat(aWalker == null).isEqualTo(bWalker == null).isEqualTo(linked < 1_280);
        double off = 0;
        for (int i = 0; i < linked + 100; i++) {
            assertThat(a.distance(i)).isEqualTo(b.distance(i));
            if (aWalker != null && bWalker != null) {
                assertThat(aWalker.distance(i)).isEqualTo(bWalker.distance(i));
                off += i < linked ? 0 : Math.abs(aWalker.distance(i) - exact.distance(i)) / 100;
            }
        }
        assertThat(off).as("of rows not linked").isLessThan(0.2);
    }

    @Test
    void shouldMakeOneBitCodesAsRowsAreAddedUnlessManyWaitToBeLinked() {
        int d = 70;
        CodedRows rows = new CodedRows(Metric.EUCLIDEAN, d, Quantization.BITS);
        for (int i = 0; i < 3_000; i++) {
            rows.append(vector(d));
        }
        for (int size = STEP; size <= 1_408; size += STEP) {
            link(rows, size);
        }
        assertThat(walkerRows(rows)).isEqualTo(1_408 + 1_024);
        rows.append(vector(d));
        assertThat(walkerRows(rows)).isEqualTo(1_408 + 1_024);
        link(rows, 2_176);
        assertThat(walkerRows(rows)).isEqualTo(3_001);
        rows.append(vector(d));
        assertThat(walkerRows(rows)).isEqualTo(3_002);
    }

    private static int walkerRows(CodedRows rows) {
        return rows.view().approximate(new CodeScratch(70)).walkerRows();
    }

    @Test
    void shouldKeepAViewAsItWasWhileCodesAroundANewCentreTakeOver() {
        int d = 128;
        CodedRows rows = linked(Metric.EUCLIDEAN, d, 1_408, Quantization.BITS);
        CodedRows.View view = rows.view();
        float[] query = vector(d);
        float[] before = walk(view, query, 1_408);
        for (int i = 0; i < 3_000; i++) {
            rows.append(vector(d));
        }
        for (int size = 1_536; size <= 4_352; size += STEP) {
            link(rows, size);
        }
        assertThat(walk(view, query, 1_408)).isEqualTo(before);
        assertThat(walk(rows.view(), query, 1_408)).isNotEqualTo(before);
    }

    private static float[] walk(CodedRows.View view, float[] query, int n) {
        Scorer scorer = view.approximate(new CodeScratch(query.length));
        scorer.query(query);
        float[] distances = new float[n];
        Objects.requireNonNull(scorer.walker()).distances(IntStream.range(0, n).toArray(), n, distances);
        return distances;
    }

    @ParameterizedTest
    @EnumSource(Quantization.class)
    void shouldTakeZeroAndConstantVectors(Quantization quantization) {
        int d = 96;
        CodedRows rows = new CodedRows(Metric.COSINE, d, quantization);
        float[] ones = new float[d];
        Arrays.fill(ones, 1);
        for (int i = 0; i < 1_280; i++) {
            rows.append(i % 2 == 0 ? new float[d] : ones);
        }
        for (int size = STEP; size <= 1_280; size += STEP) {
            link(rows, size);
        }
        Scorer scorer = rows.view().approximate(new CodeScratch(d));
        for (float[] query : new float[][] {new float[d], ones}) {
            scorer.query(query);
            assertThat(scorer.distance(0)).isCloseTo(1, Offset.offset(0.01f));
            Scorer walker = scorer.walker();
            if (walker != null) {
                assertThat(walker.distance(0)).isCloseTo(1, Offset.offset(0.3f));
                assertThat(walker.distance(1)).isFinite();
            }
        }
    }
}
