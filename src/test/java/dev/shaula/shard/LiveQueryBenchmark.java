package dev.shaula.shard;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.function.Consumer;

/** What live queries cost: the shard's thread for each batch, search threads for each written row; a program, not a test. */
final class LiveQueryBenchmark {
    /** Time on the processor, so that a busy machine does not count. */
    private static final ThreadMXBean CPU = ManagementFactory.getThreadMXBean();

    private static final int ROWS = 20_000;
    private static final int QUERIES = 1_000;
    private static final int BATCH = 100;
    private static final int BATCHES = 20;

    private LiveQueryBenchmark() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] args) {
        for (int dimensions : new int[] {128, 768, 1_536}) {
            System.out.println(measure(dimensions));
        }
    }

    private static String measure(int dimensions) {
        Random random = new Random(5);
        HeapShard shard = new HeapShard(new CollectionConfig("live", dimensions, Metric.COSINE, 1, 16, 100, true));
        for (int from = 0; from < ROWS; from += 1_000) {
            shard.upsert(points(random, from, 1_000, dimensions));
        }
        Queue<Consumer<SearchScratch>> waiting = new ArrayDeque<>();
        SearchScratch scratch = new SearchScratch();
        LiveQueries queries =
                new LiveQueries((task, dropped) -> waiting.add(task), new LiveBudget(1L << 30), shard::snapshot);
        for (int q = 0; q < QUERIES; q++) {
            float[] vector = vector(random, dimensions);
            queries.watch(new LiveQuery(vector, 10, Float.NEGATIVE_INFINITY, null, false, false))
                    .subscribe()
                    .with(answer -> {});
        }
        work(waiting, scratch);
        long[] writer = {0};
        shard.onApplied(record -> {
            ShardSnapshot published = shard.snapshot();
            long start = CPU.getCurrentThreadCpuTime();
            queries.published(published, record);
            writer[0] += CPU.getCurrentThreadCpuTime() - start;
        });
        long rounds = 0;
        for (int batch = -BATCHES; batch < BATCHES; batch++) {
            if (batch == 0) {
                writer[0] = 0;
                rounds = 0;
            }
            shard.upsert(points(random, random.nextInt(ROWS), BATCH, dimensions));
            long start = CPU.getCurrentThreadCpuTime();
            work(waiting, scratch);
            rounds += CPU.getCurrentThreadCpuTime() - start;
        }
        return "d %d: writer %.1f us a batch of %d, search threads %.0f ns a row and query"
                .formatted(dimensions, writer[0] / 1e3 / BATCHES, BATCH, (double) rounds / BATCHES / BATCH / QUERIES);
    }

    private static void work(Queue<Consumer<SearchScratch>> waiting, SearchScratch scratch) {
        for (Consumer<SearchScratch> task = waiting.poll(); task != null; task = waiting.poll()) {
            task.accept(scratch);
        }
    }

    private static List<Point> points(Random random, int first, int n, int dimensions) {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            points.add(new Point("p" + (first + i) % ROWS, vector(random, dimensions), Metadata.EMPTY));
        }
        return points;
    }

    private static float[] vector(Random random, int dimensions) {
        float[] vector = new float[dimensions];
        for (int i = 0; i < dimensions; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }
}
