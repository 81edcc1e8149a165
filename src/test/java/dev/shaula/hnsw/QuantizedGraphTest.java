package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Metric;
import dev.shaula.model.Quantization;
import dev.shaula.vectors.CodeScratch;
import dev.shaula.vectors.CodedRows;
import dev.shaula.vectors.Scorer;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Graphs that are built and searched on codes, beside those on float32 rows. */
class QuantizedGraphTest {
    private static final int N = 3_840;
    private static final int QUERIES = 100;
    private static final int K = 10;

    /** Pieces on as many threads as the common pool has, each with a worker of its own. */
    private static final Parallel THREADS = new Parallel() {
        @Override
        public <W> void run(int n, Supplier<W> workers, Piece<W> piece) {
            IntStream.range(0, n).parallel().forEach(i -> piece.run(workers.get(), i));
        }
    };

    private record Built(CodedRows.View rows, HnswGraph graph) {}

    private static Built build(Metric metric, float[][] base, Quantization quantization, Parallel parallel) {
        int d = base[0].length;
        CodedRows rows = new CodedRows(metric, d, quantization);
        Arrays.stream(base).forEach(rows::append);
        HnswBuilder builder = new HnswBuilder(HnswGraph.empty(Graphs.M), Graphs.EF_CONSTRUCTION);
        for (int size = HnswBuilder.step(); size <= base.length; size += HnswBuilder.step()) {
            for (int pieces = rows.plan(size); pieces > 0; pieces = rows.plan(size)) {
                parallel.run(pieces, rows::scratch, (scratch, piece) -> rows.encode(piece, scratch));
            }
            CodedRows.View view = rows.view();
            builder.add(size, () -> view.approximate(new CodeScratch(d)), parallel);
        }
        return new Built(rows.view(), builder.graph());
    }

    private static double recall(Metric metric, Built built, float[][] base, float[][] queries, int ef) {
        CodeScratch scratch = new CodeScratch(base[0].length);
        Scorer approximate = built.rows.approximate(scratch);
        Scorer exact = built.rows.exact(scratch);
        GraphSearcher searcher = new GraphSearcher();
        int hits = 0;
        for (float[] query : queries) {
            double[] truth = Graphs.nearest(metric, base, query, K, Graphs.all());
            approximate.query(query);
            searcher.search(built.graph, base.length, approximate, K, ef, null);
            exact.query(query);
            searcher.rescore(exact, K);
            for (int i = 0; i < K; i++) {
                double distance = Graphs.distance(metric, query, base[searcher.ordinal(i)]);
                assertThat((double) searcher.distance(i))
                        .isCloseTo(distance, Offset.offset(1e-3 * (1 + Math.abs(distance))));
                hits += distance <= truth[K - 1] + 1e-5 * (1 + Math.abs(truth[K - 1])) ? 1 : 0;
            }
        }
        return hits / (double) (K * queries.length);
    }

    @ParameterizedTest
    @CsvSource({
        "COSINE, 512, BITS",
        "EUCLIDEAN, 512, BITS",
        "DOT, 512, BITS",
        "COSINE, 200, INT4",
        "EUCLIDEAN, 200, INT4",
        "DOT, 200, INT4",
        "COSINE, 100, INT8",
        "EUCLIDEAN, 100, INT8",
        "DOT, 100, INT8"
    })
    void shouldLoseLittleRecallByBuildingAndWalkingOnCodes(Metric metric, int d, Quantization quantization) {
        float[][] vectors = Graphs.clusters(71, N + QUERIES, d, 40);
        float[][] base = Arrays.copyOf(vectors, N);
        float[][] queries = Arrays.copyOfRange(vectors, N, N + QUERIES);
        double floats = recall(metric, build(metric, base, Quantization.NONE, THREADS), base, queries, 100);
        Built coded = build(metric, base, quantization, THREADS);
        double codes = recall(metric, coded, base, queries, 100);
        double wider = recall(metric, coded, base, queries, 200);
        System.out.println(metric + " " + d + " " + quantization + ": recall " + codes + ", wider " + wider
                + ", on floats " + floats);
        // One bit says least where a crowd lies at nearly the same distance in all directions, as here.
        double loss = quantization == Quantization.BITS ? 0.05 : 0.005;
        assertThat(codes).isGreaterThanOrEqualTo(floats - loss);
        assertThat(wider).isGreaterThanOrEqualTo(floats - 0.01);
    }

    @ParameterizedTest
    @EnumSource(Quantization.class)
    void shouldBuildTheSameGraphOnCodesWhateverTheNumberOfThreads(Quantization quantization) {
        float[][] base = Graphs.clusters(72, 2_560, 400, 20);
        int[] alone = Graphs.flatten(build(Metric.COSINE, base, quantization, Parallel.NONE).graph);
        int[] together = Graphs.flatten(build(Metric.COSINE, base, quantization, THREADS).graph);
        assertThat(Arrays.equals(alone, together)).isTrue();
    }

    @ParameterizedTest
    @EnumSource(Quantization.class)
    void shouldFindRowsThatAreNotLinkedYet(Quantization quantization) {
        for (int waiting : new int[] {1, HnswBuilder.step() - 1, 2_000}) {
            int linked = 20 * HnswBuilder.step();
            float[][] base = Graphs.clusters(73, linked + waiting, 400, 20);
            HnswGraph graph = build(Metric.EUCLIDEAN, Arrays.copyOf(base, linked), quantization, Parallel.NONE).graph;
            CodedRows some = new CodedRows(Metric.EUCLIDEAN, 400, quantization);
            Arrays.stream(base).forEach(some::append);
            for (int pieces = some.plan(linked); pieces > 0; pieces = some.plan(linked)) {
                for (int piece = 0; piece < pieces; piece++) {
                    some.encode(piece, some.scratch());
                }
            }
            float[][] ownVectors = Arrays.copyOfRange(base, linked, base.length);
            assertThat(recall(Metric.EUCLIDEAN, new Built(some.view(), graph), base, ownVectors, 100))
                    .as("%d rows waiting", waiting)
                    .isGreaterThanOrEqualTo(0.95);
            GraphSearcher searcher = new GraphSearcher();
            Scorer approximate = some.view().approximate(new CodeScratch(400));
            for (int row = linked; row < base.length; row++) {
                approximate.query(base[row]);
                searcher.search(graph, base.length, approximate, 1, 10, null);
                assertThat(searcher.ordinal(0)).isEqualTo(row);
            }
        }
    }
}
