package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.JitteryThreads;
import dev.shaula.model.Metric;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A graph that was handed out never changes, whatever its builder does afterwards. */
class SnapshotIsolationTest {
    private static final int D = 16;
    private static final int BEFORE = 1_537;
    private static final int BATCHES = 50;
    private static final int BATCH = 37;

    private final float[][] vectors = Graphs.clusters(31, BEFORE + BATCHES * BATCH, D, 20);
    private final FloatRows rows = new FloatRows(D);
    private final HnswBuilder builder = new HnswBuilder(HnswGraph.empty(8), 60);

    @Test
    void shouldAnswerTheSameFromAnOldGraphAfterManyBatches() {
        Snapshot old = grow(BEFORE);
        int[] flat = Graphs.flatten(old.graph);
        long[] answers = old.answers(vectors);
        for (int i = 1; i <= BATCHES; i++) {
            Snapshot next = grow(BEFORE + i * BATCH);
            assertThat(next.graph.size()).isEqualTo(BEFORE + i * BATCH);
        }
        assertThat(old.graph.size()).isEqualTo(BEFORE);
        assertThat(Graphs.flatten(old.graph)).isEqualTo(flat);
        assertThat(old.answers(vectors)).isEqualTo(answers);
    }

    @Test
    void shouldAnswerTheSameFromAnOldGraphWhileBatchesAreAdded() throws Exception {
        Snapshot old = grow(BEFORE);
        long[] answers = old.answers(vectors);
        AtomicBoolean written = new AtomicBoolean();
        AtomicInteger compared = new AtomicInteger();
        try (ExecutorService readers = Executors.newSingleThreadExecutor()) {
            Future<?> reader = readers.submit(() -> {
                do {
                    assertThat(old.answers(vectors)).isEqualTo(answers);
                    compared.incrementAndGet();
                } while (!written.get());
            });
            try {
                for (int i = 1; i <= BATCHES; i++) {
                    grow(BEFORE + i * BATCH);
                }
            } finally {
                written.set(true);
            }
            reader.get(60, TimeUnit.SECONDS);
        }
        assertThat(compared.get()).isPositive();
    }

    @Test
    void shouldLetTwoBuildersContinueFromTheSameGraph() {
        Snapshot old = grow(BEFORE);
        int[] flat = Graphs.flatten(old.graph);
        grow(BEFORE + BATCH);
        FloatRows.View view = rows.view();
        HnswBuilder other = new HnswBuilder(old.graph, 60);
        HnswGraph again =
                other.add(BEFORE + BATCH, () -> new FloatScorer(Metric.COSINE, view), new JitteryThreads(2, 3));
        assertThat(Graphs.flatten(again)).isEqualTo(Graphs.flatten(builder.graph()));
        assertThat(Graphs.flatten(old.graph)).isEqualTo(flat);
    }

    private Snapshot grow(int size) {
        while (rows.count() < size) {
            rows.append(vectors[rows.count()]);
        }
        FloatRows.View view = rows.view();
        HnswGraph graph = builder.add(size, () -> new FloatScorer(Metric.COSINE, view), Parallel.NONE);
        return new Snapshot(graph, view);
    }

    private record Snapshot(HnswGraph graph, FloatRows.View rows) {

        /** Ordinals and bits of distances of the answers to a hundred queries. */
        long[] answers(float[][] vectors) {
            FloatScorer scorer = new FloatScorer(Metric.COSINE, rows);
            GraphSearcher searcher = new GraphSearcher();
            long[] answers = new long[100 * 20];
            Arrays.fill(answers, -1);
            for (int q = 0; q < 100; q++) {
                scorer.query(vectors[vectors.length - 1 - q]);
                int n = searcher.search(graph, graph.size(), scorer, 20, 20, null);
                for (int i = 0; i < n; i++) {
                    answers[20 * q + i] = ((long) searcher.ordinal(i) << 32)
                            | (Float.floatToRawIntBits(searcher.distance(i)) & 0xffff_ffffL);
                }
            }
            return answers;
        }
    }
}
