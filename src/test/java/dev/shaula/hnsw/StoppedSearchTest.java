package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.model.Metric;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class StoppedSearchTest {
    private static final int ROWS = 3_000;
    private static final int SCAN_BLOCK = 256;

    private final float[][] vectors = Graphs.clusters(11, ROWS, 8, 20);
    private final FloatRows.View rows = Graphs.rows(vectors);
    private final HnswGraph graph = Graphs.build(Metric.EUCLIDEAN, rows, 128, Parallel.NONE);
    private final CountingDistances scorer = new CountingDistances(new FloatScorer(Metric.EUCLIDEAN, rows));
    private final GraphSearcher searcher = new GraphSearcher();

    @ParameterizedTest
    @ValueSource(ints = {100, 300, 500})
    void shouldEndAWalkWithinTwelveNodesOnceItIsNotWanted(int atMeasured) {
        scorer.query(vectors[7]);
        searcher.stopWhen(() -> scorer.measured >= atMeasured);
        assertThatThrownBy(() -> searcher.search(graph, ROWS, scorer, 400, 400, null))
                .isInstanceOf(CancellationException.class);
        assertThat(scorer.measured).isLessThan(atMeasured + 12 * graph.capacity(0));
    }

    @Test
    void shouldEndAScanAtTheNextBlockOnceItIsNotWanted() {
        scorer.query(vectors[7]);
        searcher.stopWhen(() -> scorer.measured >= 1_000);
        assertThatThrownBy(() -> searcher.scan(ROWS, scorer, 10, null)).isInstanceOf(CancellationException.class);
        assertThat(scorer.measured).isLessThan(1_000 + SCAN_BLOCK);
    }

    @Test
    void shouldAnswerTheNextSearchAsIfNothingHadHappened() {
        scorer.query(vectors[7]);
        int n = new GraphSearcher().search(graph, ROWS, scorer, 10, 50, null);
        GraphSearcher fresh = new GraphSearcher();
        fresh.search(graph, ROWS, scorer, 10, 50, null);
        scorer.measured = 0;
        searcher.stopWhen(() -> scorer.measured > 200);
        assertThatThrownBy(() -> searcher.search(graph, ROWS, scorer, 400, 400, null))
                .isInstanceOf(CancellationException.class);

        searcher.stopWhen(null);
        assertThat(searcher.search(graph, ROWS, scorer, 10, 50, null)).isEqualTo(n);
        for (int i = 0; i < n; i++) {
            assertThat(searcher.ordinal(i)).isEqualTo(fresh.ordinal(i));
        }
    }
}
