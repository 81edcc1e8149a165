package dev.shaula.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * A kernel that C2 inlines into a caller only in part gives each vector between the parts as an object: correct, and ten
 * to a hundred times slower. It happens seconds after the start, when the caller itself is compiled, so nothing but a run
 * of some seconds shows it. 784 floats take both the unrolled loop and its remainder, the largest graph of all lengths.
 */
class KernelAllocationTest {
    @Test
    void shouldAllocateNothingOnceCompiledIntoACaller() throws RunnerException {
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include(DistanceKernelBenchmark.class.getName() + "\\.(dot|squaredEuclidean)$")
                        .param("n", "784")
                        .forks(1)
                        .warmupIterations(4)
                        .warmupTime(TimeValue.seconds(1))
                        .measurementIterations(3)
                        .measurementTime(TimeValue.seconds(1))
                        .addProfiler(GCProfiler.class)
                        .build())
                .run();

        assertThat(results)
                .hasSize(2)
                .allSatisfy(result -> assertThat(result.getSecondaryResults()
                                .get("gc.alloc.rate.norm")
                                .getScore())
                        .as("bytes allocated per call of %s", result.getParams().getBenchmark())
                        .isLessThan(1));
    }
}
