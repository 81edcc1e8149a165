package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.fixture.JitteryThreads;
import dev.shaula.model.Metric;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GraphInvariantsTest {
    private static final int D = 24;

    @ParameterizedTest
    @EnumSource
    void shouldKeepEveryInvariantAfterEveryBatchOfOddSizes(Metric metric) {
        FloatRows.View rows = Graphs.rows(Graphs.clusters(11, 3_000, D, 20));
        HnswBuilder builder = new HnswBuilder(HnswGraph.empty(8), 60);
        Random random = new Random(12);
        int[] sizes = {1, 2, 13, 63, 64, 65, 255, 256, 257, 702};
        for (int size = 0; size < rows.count(); ) {
            size = Math.min(rows.count(), size + sizes[random.nextInt(sizes.length)]);
            HnswGraph graph = builder.add(size, () -> new FloatScorer(metric, rows), Parallel.NONE);
            assertThat(graph.size()).isEqualTo(size);
            checkInvariants(graph, new LevelGenerator(8));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"COSINE", "EUCLIDEAN"})
    void shouldReachNearlyAllNodesFromTheEntry(Metric metric) {
        // HNSW does not promise it: pruning may drop the last edge to a node. One in a thousand is the floor.
        FloatRows.View rows = Graphs.rows(Graphs.clusters(13, 5_000, D, 50));
        HnswGraph graph = Graphs.build(metric, rows, 100, Parallel.NONE);
        assertThat(reachable(graph)).isGreaterThanOrEqualTo(4_995);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 37, 256, 1_000})
    void shouldReachEveryCopyOfOneVector(int batch) {
        // Equal texts have equal embeddings, and a point that is written again and again with the same vector is found
        // by its newest row only.
        float[][] copies = new float[1_500][];
        Arrays.fill(copies, Graphs.clusters(14, 1, D, 1)[0]);
        HnswGraph graph = Graphs.build(Metric.COSINE, Graphs.rows(copies), batch, Parallel.NONE);
        assertThat(reachable(graph)).isEqualTo(copies.length);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 300, 1_000})
    void shouldBuildTheSameGraphOnAnyNumberOfThreads(int batch) {
        FloatRows.View rows = Graphs.rows(Graphs.clusters(15, 1_500, D, 20));
        int[] alone = Graphs.flatten(Graphs.build(Metric.COSINE, rows, batch, Parallel.NONE));
        int[] together = Graphs.flatten(Graphs.build(Metric.COSINE, rows, batch, new JitteryThreads(4, batch)));
        assertThat(together).isEqualTo(alone);
    }

    @Test
    void shouldGoOnAfterAPieceFailed() {
        float[][] vectors = Graphs.clusters(16, 900, D, 5);
        FloatRows rows = new FloatRows(D);
        HnswBuilder builder = new HnswBuilder(HnswGraph.empty(8), 60);
        appendAll(rows, vectors, 0, 300);
        FloatRows.View first = rows.view();
        HnswGraph before = builder.add(300, () -> new FloatScorer(Metric.COSINE, first), Parallel.NONE);
        int[] flat = Graphs.flatten(before);
        appendAll(rows, vectors, 300, 600);
        FloatRows.View second = rows.view();
        assertThatThrownBy(() -> builder.add(600, () -> new FloatScorer(Metric.COSINE, second), failAfter(258)))
                .hasMessage("piece 258");
        assertThat(builder.graph()).isSameAs(before);
        assertThat(Graphs.flatten(before)).isEqualTo(flat);

        appendAll(rows, vectors, 600, 900);
        FloatRows.View third = rows.view();
        HnswGraph after = builder.add(900, () -> new FloatScorer(Metric.COSINE, third), Parallel.NONE);
        HnswBuilder fresh = new HnswBuilder(HnswGraph.empty(8), 60);
        fresh.add(300, () -> new FloatScorer(Metric.COSINE, first), Parallel.NONE);
        assertThat(Graphs.flatten(after))
                .isEqualTo(Graphs.flatten(fresh.add(900, () -> new FloatScorer(Metric.COSINE, third), Parallel.NONE)));
    }

    @Test
    void shouldRefuseToShrink() {
        FloatRows.View rows = Graphs.rows(Graphs.clusters(17, 20, D, 2));
        HnswBuilder builder = new HnswBuilder(HnswGraph.empty(8), 60);
        builder.add(20, () -> new FloatScorer(Metric.COSINE, rows), Parallel.NONE);
        assertThatThrownBy(() -> builder.add(19, () -> new FloatScorer(Metric.COSINE, rows), Parallel.NONE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("19");
    }

    private static void appendAll(FloatRows rows, float[][] vectors, int from, int to) {
        for (int i = from; i < to; i++) {
            rows.append(vectors[i]);
        }
    }

    private static Parallel failAfter(int pieces) {
        AtomicInteger done = new AtomicInteger();
        return new Parallel() {
            @Override
            public <W> void run(int n, Supplier<W> workers, Piece<W> piece) {
                NONE.run(n, workers, (worker, i) -> {
                    if (done.incrementAndGet() > pieces) {
                        throw new IllegalStateException("piece " + pieces);
                    }
                    piece.run(worker, i);
                });
            }
        };
    }

    /** All that a search relies on: a wrong record would not fail, it would only find less. */
    private static void checkInvariants(HnswGraph graph, LevelGenerator levels) {
        int record = 0;
        int top = 0;
        for (int node = 0; node < graph.size(); node++) {
            checkNeighbours(graph, 0, node, graph.size(), levels);
            for (int level = 1; level <= levels.levelOf(node); level++, record++) {
                assertThat(graph.ordinal(level, record)).isEqualTo(node);
                assertThat(graph.below(level, record)).isEqualTo(level == 1 ? node : record - 1);
                checkNeighbours(graph, level, record, graph.upper().records(), levels);
            }
            top = Math.max(top, levels.levelOf(node));
        }
        assertThat(graph.upper().records()).isEqualTo(record);
        assertThat(graph.topLevel()).isEqualTo(top);
        assertThat(levels.levelOf(graph.ordinal(top, graph.entry()))).isEqualTo(top);
    }

    private static void checkNeighbours(HnswGraph graph, int level, int node, int nodes, LevelGenerator levels) {
        int[] page = (level == 0 ? graph.level0() : graph.upper()).page(node);
        int at = (level == 0 ? graph.level0() : graph.upper()).offset(node) + (level == 0 ? 0 : 1);
        BitSet seen = new BitSet();
        boolean ended = false;
        for (int i = 0; i < graph.capacity(level); i++) {
            int neighbour = page[at + i];
            ended |= neighbour == HnswGraph.NONE;
            // Nothing lies behind the first NONE: neighbours() would not see it.
            assertThat(neighbour == HnswGraph.NONE).isEqualTo(ended);
            if (!ended) {
                assertThat(neighbour).isBetween(0, nodes - 1).isNotEqualTo(node);
                assertThat(seen.get(neighbour)).as("twice").isFalse();
                seen.set(neighbour);
                checkLevelOf(graph, level, neighbour, levels);
            }
        }
    }

    /** A record of level {@code l} has {@code l - 1} records of the same ordinal right before it. */
    private static void checkLevelOf(HnswGraph graph, int level, int neighbour, LevelGenerator levels) {
        if (level > 0) {
            int ordinal = graph.ordinal(level, neighbour);
            assertThat(levels.levelOf(ordinal)).isGreaterThanOrEqualTo(level);
            int lowest = neighbour - level + 1;
            assertThat(graph.ordinal(1, lowest)).isEqualTo(ordinal);
            assertThat(lowest == 0 || graph.ordinal(1, lowest - 1) != ordinal).isTrue();
        }
    }

    /** Nodes of level 0 to which edges lead from where a search enters it. */
    private static int reachable(HnswGraph graph) {
        int entry = graph.ordinal(graph.topLevel(), graph.entry());
        BitSet seen = new BitSet();
        ArrayDeque<Integer> open = new ArrayDeque<>();
        seen.set(entry);
        open.add(entry);
        int[] neighbours = new int[graph.capacity(0)];
        while (!open.isEmpty()) {
            int n = graph.neighbours(0, open.remove(), neighbours);
            for (int i = 0; i < n; i++) {
                if (!seen.get(neighbours[i])) {
                    seen.set(neighbours[i]);
                    open.add(neighbours[i]);
                }
            }
        }
        return seen.cardinality();
    }
}
