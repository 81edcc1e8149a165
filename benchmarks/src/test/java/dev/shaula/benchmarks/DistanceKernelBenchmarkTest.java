package dev.shaula.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A benchmark that computes nothing would be the fastest of all. */
class DistanceKernelBenchmarkTest {
    private static final int N = 784;
    private static final DistanceKernelBenchmark BENCHMARK = new DistanceKernelBenchmark();

    @BeforeAll
    static void fill() {
        BENCHMARK.n = N;
        BENCHMARK.fill();
    }

    @Test
    void shouldComputeTheSameProductWithAndWithoutVectors() {
        assertThat(BENCHMARK.dot()).isNotZero().isCloseTo(BENCHMARK.scalarDot(), within(1e-2f));
    }

    /** Of independent values from -0.5 to 0.5, the squared difference has mean 1/6 and variance 7/180. */
    @Test
    void shouldMeasureRowsThatAreAsFarApartAsIndependentOnesAre() {
        assertThat(BENCHMARK.squaredEuclidean()).isCloseTo(N / 6f, within((float) (5 * Math.sqrt(N * 7 / 180.0))));
    }

    @Test
    void shouldTakeOtherRowsInEveryHop() {
        assertThat(BENCHMARK.dotOfRandomRows()).isNotEqualTo(BENCHMARK.dotOfRandomRows());
    }
}
