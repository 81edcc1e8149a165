package dev.shaula.hnsw;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Metric;
import dev.shaula.model.Quantization;
import dev.shaula.vectors.CodeScratch;
import dev.shaula.vectors.CodedRows;
import dev.shaula.vectors.Scorer;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Groups of rows that lie nearer to each other than codes can tell, as copies of one text with small changes do. */
class NearCopiesTest {
    private static final int K = 10;

    /** What codes say of them is all error: it must neither end a walk at once nor choose which of them are measured again. */
    @ParameterizedTest
    @CsvSource({"COSINE, BITS", "EUCLIDEAN, BITS", "COSINE, INT4", "EUCLIDEAN, INT4", "COSINE, INT8", "EUCLIDEAN, INT8"
    })
    void shouldTellNearCopiesApartThatCodesCannot(Metric metric, Quantization quantization) {
        int d = 256;
        int copies = 40;
        float[][] centres = Graphs.clusters(5, 100, d, 100);
        Random random = new Random(6);
        float[][] base = IntStream.range(0, 100 * copies)
                .mapToObj(i -> near(centres[i % 100], random))
                .toArray(float[][]::new);
        float[][] queries = Arrays.stream(centres).map(c -> near(c, random)).toArray(float[][]::new);
        CodedRows rows = new CodedRows(metric, d, quantization);
        Arrays.stream(base).forEach(rows::append);
        CodeScratch scratch = rows.scratch();
        HnswBuilder builder = new HnswBuilder(HnswGraph.empty(Graphs.M), Graphs.EF_CONSTRUCTION);
        for (int size = 400; size <= base.length; size += 400) {
            for (int pieces = rows.plan(size); pieces > 0; pieces = rows.plan(size)) {
                IntStream.range(0, pieces).forEach(i -> rows.encode(i, scratch));
            }
            CodedRows.View linked = rows.view();
            builder.add(size, () -> linked.approximate(new CodeScratch(d)), Parallel.NONE);
        }
        CodedRows.View view = rows.view();
        Scorer approximate = view.approximate(scratch);
        Scorer exact = view.exact(new CodeScratch(d));
        GraphSearcher searcher = new GraphSearcher();
        int hits = 0;
        for (float[] query : queries) {
            double[] truth = Graphs.nearest(metric, base, query, K, Graphs.all());
            approximate.query(query);
            searcher.search(builder.graph(), base.length, approximate, K, 100, null);
            exact.query(query);
            searcher.rescore(exact, K);
            for (int i = 0; i < K; i++) {
                double distance = Graphs.distance(metric, query, base[searcher.ordinal(i)]);
                hits += distance <= truth[K - 1] * (1 + 1e-3) + 1e-9 ? 1 : 0;
            }
        }
        System.out.println(metric + " " + quantization + ": recall " + hits / (double) (K * queries.length));
        assertThat(hits / (double) (K * queries.length)).isGreaterThanOrEqualTo(0.9);
    }

    private static float[] near(float[] centre, Random random) {
        float[] v = centre.clone();
        for (int i = 0; i < v.length; i++) {
            v[i] += 0.003f * (float) random.nextGaussian();
        }
        return v;
    }
}
