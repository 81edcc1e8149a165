package dev.shaula.benchmarks;

import dev.shaula.hnsw.BatchScan;
import dev.shaula.hnsw.GraphSearcher;
import dev.shaula.model.Metric;
import dev.shaula.vectors.FloatBatch;
import dev.shaula.vectors.FloatRows;
import dev.shaula.vectors.FloatScorer;
import java.util.Arrays;
import java.util.Random;

/**
 * Exact searches one by one and together, in turns on one thread, in microseconds a query: what {@link BatchScan} saves.
 *
 * <p>The sketch for 100,000 x 1,536: one by one each query reads 621 MB, 18 ms at 34 GB/s. Sixteen together read them once,
 * 1.1 ms each, and issue 96 multiply-adds for each distance, 26 ns, 2.6 ms: the arithmetic is the limit. For 128 dimensions
 * a distance is 8 multiply-adds and as many instructions for the sum of the lanes.
 *
 * <pre>
 * java --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED -Xmx1g \
 *     -cp benchmarks/target/benchmarks.jar dev.shaula.benchmarks.SharedScan [ROWS DIMENSIONS METRIC REPETITIONS]
 * </pre>
 */
public final class SharedScan {
    private static final int K = 10;
    private static final int[] SIZES = {1, 4, 16, 64};
    private static final int WARM = 3;

    private final FloatRows.View rows;
    private final float[][] queries;
    private final FloatScorer scorer;
    private final FloatBatch batch;
    private final GraphSearcher searcher = new GraphSearcher();
    private final BatchScan scan = new BatchScan();

    private SharedScan(int count, int dimensions, Metric metric) {
        Random random = new Random(1);
        FloatRows all = new FloatRows(dimensions);
        for (int i = 0; i < count; i++) {
            all.append(vector(random, dimensions));
        }
        rows = all.view();
        queries = new float[64][];
        for (int q = 0; q < queries.length; q++) {
            queries[q] = vector(random, dimensions);
        }
        scorer = new FloatScorer(metric, rows);
        batch = new FloatBatch(metric, rows);
    }

    private static float[] vector(Random random, int dimensions) {
        float[] vector = new float[dimensions];
        for (int i = 0; i < dimensions; i++) {
            vector[i] = random.nextFloat() - 0.5f;
        }
        return vector;
    }

    private long oneByOne(int n) {
        long sum = 0;
        for (int q = 0; q < n; q++) {
            scorer.query(queries[q]);
            int found = searcher.scan(rows.count(), scorer, K, null);
            for (int i = 0; i < found; i++) {
                sum = 31 * sum + searcher.ordinal(i) + Float.floatToIntBits(searcher.distance(i));
            }
        }
        return sum;
    }

    private long together(int n) {
        long sum = 0;
        for (int first = 0; first < n; first += FloatBatch.MOST) {
            int[] k = new int[Math.min(FloatBatch.MOST, n - first)];
            Arrays.fill(k, K);
            for (int q = 0; q < k.length; q++) {
                batch.query(q, queries[first + q]);
            }
            scan.scan(rows.count(), batch, k, null);
            for (int q = 0; q < k.length; q++) {
                for (int i = 0; i < scan.count(q); i++) {
                    sum = 31 * sum + scan.ordinal(q, i) + Float.floatToIntBits(scan.distance(q, i));
                }
            }
        }
        return sum;
    }

    /** Prints a line for each batch size: medians and bests. */
    public static void main(String[] args) {
        int count = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
        int dimensions = args.length > 1 ? Integer.parseInt(args[1]) : 1_536;
        Metric metric = Metric.valueOf(args.length > 2 ? args[2] : "COSINE");
        int repetitions = args.length > 3 ? Integer.parseInt(args[3]) : 5;
        SharedScan program = new SharedScan(count, dimensions, metric);
        System.out.printf("%,d x %,d %s: us a query, median (best)%n", count, dimensions, metric);
        for (int size : SIZES) {
            System.out.println(program.measure(size, repetitions));
        }
    }

    private String measure(int size, int repetitions) {
        double[] alone = new double[repetitions];
        double[] shared = new double[repetitions];
        for (int r = -WARM; r < repetitions; r++) {
            long start = System.nanoTime();
            long a = oneByOne(size);
            long middle = System.nanoTime();
            long b = together(size);
            long end = System.nanoTime();
            if (a != b) {
                throw new IllegalStateException("together " + size + " queries had other answers than one by one");
            }
            if (r >= 0) {
                alone[r] = (middle - start) / 1e3 / size;
                shared[r] = (end - middle) / 1e3 / size;
            }
        }
        Arrays.sort(alone);
        Arrays.sort(shared);
        int m = repetitions / 2;
        return "%d queries: one by one %.0f (%.0f), together %.0f (%.0f), %.2f times as fast"
                .formatted(size, alone[m], alone[0], shared[m], shared[0], alone[m] / shared[m]);
    }
}
