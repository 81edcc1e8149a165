package dev.shaula.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A benchmark that computes nothing would be the fastest of all. */
class CodeKernelBenchmarkTest {
    @Test
    void shouldComputeSomethingWithEveryKernel() {
        CodeKernelBenchmark benchmark = new CodeKernelBenchmark();
        benchmark.n = 784;
        benchmark.fill();
        assertThat(benchmark.byteDot()).isNotZero();
        assertThat(benchmark.byteRowsDot()).isNotZero();
        assertThat(benchmark.nibbleDot()).isNotZero();
        assertThat(benchmark.nibbleRowsDot()).isNotZero();
        assertThat(benchmark.bitDot()).isNotZero();
        float one = benchmark.dotRows();
        assertThat(one).isNotZero();
        assertThat(benchmark.dotPairs()).isEqualTo(one);
    }
}
