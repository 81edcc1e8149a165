package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.shaula.model.Metric;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SearchAllocationTest {
    private static final Duration WARM_WITHIN = Duration.ofSeconds(60);
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @EnumSource
    void shouldAllocateNothingWhileSearching(Metric metric) {
        float[][] vectors = Graphs.clusters(41, 2_000, 64, 20);
        FloatRows.View rows = Graphs.rows(vectors);
        HnswGraph graph = Graphs.build(metric, rows, 500, Parallel.NONE);
        FloatScorer scorer = new FloatScorer(metric, rows);
        GraphSearcher searcher = new GraphSearcher();
        long[] accepted = Graphs.bits(rows.count(), i -> i % 3 != 0);
        long deadline = System.nanoTime() + WARM_WITHIN.toNanos();
        long least = Long.MAX_VALUE;
        // Vectors of the Vector API are objects until the second compiler has seen their kernel, and when it does is
        // not ours to say. One window without a byte shows that nothing is left that the code itself allocates.
        while (least > 0 && System.nanoTime() < deadline) {
            least = Math.min(least, allocatedBy(vectors, graph, scorer, searcher, accepted));
        }
        assertThat(least).as("bytes allocated by 100 searches").isZero();
    }

    private static long allocatedBy(
            float[][] queries, HnswGraph graph, FloatScorer scorer, GraphSearcher searcher, long[] accepted) {
        long sum = 0;
        for (int q = 0; q < 100; q++) {
            scorer.query(queries[q]);
            long before = THREADS.getCurrentThreadAllocatedBytes();
            int n = searcher.search(graph, graph.size(), scorer, 10, 64, q % 2 == 0 ? accepted : null);
            sum += THREADS.getCurrentThreadAllocatedBytes() - before;
            assertThat(n).isPositive();
        }
        return sum;
    }
}
