package dev.shaula.hnsw;

import dev.shaula.model.Metric;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Data, graphs over it, and brute force to compare them with. */
final class Graphs {
    static final int M = 16;
    static final int EF_CONSTRUCTION = 200;

    private Graphs() {}

    /** Vectors around {@code centres} normally distributed centres, half as wide as the centres lie apart. */
    static float[][] clusters(long seed, int n, int d, int centres) {
        Random random = new Random(seed);
        float[][] centre = new float[centres][d];
        for (float[] c : centre) {
            for (int i = 0; i < d; i++) {
                c[i] = (float) random.nextGaussian();
            }
        }
        float[][] vectors = new float[n][d];
        for (float[] v : vectors) {
            float[] c = centre[random.nextInt(centres)];
            for (int i = 0; i < d; i++) {
                v[i] = c[i] + 0.5f * (float) random.nextGaussian();
            }
        }
        return vectors;
    }

    static FloatRows.View rows(float[][] vectors) {
        FloatRows rows = new FloatRows(vectors[0].length);
        for (float[] v : vectors) {
            rows.append(v);
        }
        return rows.view();
    }

    static HnswGraph build(Metric metric, FloatRows.View rows, int batch, Parallel parallel) {
        HnswBuilder builder = new HnswBuilder(HnswGraph.empty(M), EF_CONSTRUCTION);
        for (int size = 0; size < rows.count(); ) {
            size = Math.min(rows.count(), size + batch);
            builder.add(size, () -> new FloatScorer(metric, rows), parallel);
        }
        return builder.graph();
    }

    /** Every int of the graph that a search can see, in one array. */
    static int[] flatten(HnswGraph graph) {
        IntStream.Builder all = IntStream.builder();
        all.add(graph.size()).add(graph.topLevel()).add(graph.entry());
        int[] neighbours = new int[graph.capacity(0)];
        for (int level = 0; level <= Math.min(1, graph.topLevel()); level++) {
            for (int node = 0; node < graph.nodes(level); node++) {
                int n = graph.neighbours(level, node, neighbours);
                all.add(graph.ordinal(level, node)).add(n);
                Arrays.stream(neighbours, 0, n).forEach(all::add);
            }
        }
        return all.build().toArray();
    }

    static double distance(Metric metric, float[] a, float[] b) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        double difference = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
            difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
        }
        return switch (metric) {
            case COSINE -> aa == 0 || bb == 0 ? 1 : 1 - dot / Math.sqrt(aa) / Math.sqrt(bb);
            case DOT -> -dot;
            case EUCLIDEAN -> difference;
        };
    }

    /** The {@code k} least distances among the accepted vectors, or fewer where there are fewer. */
    static double[] nearest(Metric metric, float[][] vectors, float[] query, int k, IntPredicate accepted) {
        return IntStream.range(0, vectors.length)
                .filter(accepted)
                .mapToDouble(i -> distance(metric, query, vectors[i]))
                .sorted()
                .limit(k)
                .toArray();
    }

    static IntPredicate all() {
        return i -> true;
    }

    /** Bits of the ordinals below {@code n} that are accepted. */
    static long[] bits(int n, IntPredicate accepted) {
        long[] bits = new long[(n + 63) / 64];
        IntStream.range(0, n).filter(accepted).forEach(i -> bits[i >>> 6] |= 1L << i);
        return bits;
    }

    /**
     * Recall@k over the queries. A result counts if it is no farther than the k-th nearest, so that duplicates are
     * interchangeable; each ordinal counts once.
     */
    static double recall(
            Metric metric,
            HnswGraph graph,
            float[][] vectors,
            float[][] queries,
            int k,
            int ef,
            IntPredicate accepted) {
        FloatScorer scorer = new FloatScorer(metric, rows(vectors));
        GraphSearcher searcher = new GraphSearcher();
        long[] bits = bits(vectors.length, accepted);
        long hits = 0;
        long wanted = 0;
        for (float[] query : queries) {
            double[] truth = nearest(metric, vectors, query, k, accepted);
            double limit = truth.length == 0 ? 0 : truth[truth.length - 1];
            double slack = 1e-5 * Math.max(1, Math.abs(limit));
            scorer.query(query);
            int n = Math.min(k, searcher.search(graph, graph.size(), scorer, k, ef, bits));
            hits += IntStream.range(0, n)
                    .map(searcher::ordinal)
                    .distinct()
                    .filter(accepted)
                    .filter(i -> distance(metric, query, vectors[i]) <= limit + slack)
                    .count();
            wanted += truth.length;
        }
        return wanted == 0 ? 1 : (double) hits / wanted;
    }
}
