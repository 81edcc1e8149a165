package dev.shaula.shard;

import dev.shaula.hnsw.Parallel;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.Quantization;
import dev.shaula.model.SearchRequest;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.NullMarked;

/**
 * How fast one thread searches while another inserts at half of the rate at which both cores build: queries a second for
 * each core that is left, beside those of an idle shard, in turns in one process. A program, run by hand, with a set that the
 * side-by-side benchmarks have made:
 *
 * <pre>
 * java -cp target/classes:target/test-classes:... dev.shaula.shard.SearchBesideInserts DIRECTORY/sift-128 euclidean 40
 * </pre>
 *
 * The last argument is {@code ef}. Half of the rows are built first; the others are inserted in records of 100, each of
 * which is applied, linked and published as a shard does.
 */
@NullMarked
final class SearchBesideInserts {
    private static final int TURNS = 3;
    private static final int RECORD = 100;
    private static final int CORES = 2;
    private static final long IDLE_NS = 4_000_000_000L;

    private final float[][] base;
    private final float[][] queries;
    private final int ef;
    private final HeapShard shard;
    private final SearchScratch scratch = new SearchScratch();
    private volatile ShardSnapshot published;
    private int inserted;

    private SearchBesideInserts(float[][] base, float[][] queries, Metric metric, int ef) {
        this.base = base;
        this.queries = queries;
        this.ef = ef;
        this.shard = new HeapShard(
                new CollectionConfig("inserts", base[0].length, metric, 1, 16, 200, true, Quantization.AUTO));
        this.published = shard.snapshot();
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        float[][] base = FilterGrid.rows(Path.of(arguments[0] + ".base"), Integer.MAX_VALUE);
        float[][] queries = FilterGrid.rows(Path.of(arguments[0] + ".queries"), 1_000);
        Metric metric = Metric.valueOf(arguments[1].toUpperCase(Locale.ROOT));
        new SearchBesideInserts(base, queries, metric, Integer.parseInt(arguments[2])).run();
    }

    private void run() throws InterruptedException {
        double rate = build();
        System.out.printf("%,d rows built by both cores, %,.0f rows/s%n", inserted, rate);
        searchFor(IDLE_NS);
        int share = (base.length - inserted) / TURNS;
        for (int turn = 0; turn < TURNS; turn++) {
            double idle = searchFor(IDLE_NS);
            int to = Math.min(base.length, inserted + share);
            long cpuBefore = processCpuNs();
            long ownBefore = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            long startedNs = System.nanoTime();
            Thread writer = Thread.ofPlatform().name("writer").start(() -> insert(to, rate / 2));
            long searches = 0;
            while (writer.isAlive()) {
                search(searches++);
            }
            writer.join();
            double seconds = (System.nanoTime() - startedNs) / 1e9;
            double own = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - ownBefore) / 1e9;
            double others = (processCpuNs() - cpuBefore) / 1e9 - own;
            double free = CORES - others / seconds;
            double beside = searches / seconds / Math.min(1, free);
            System.out.printf(
                    "idle %,.0f queries/s; beside %,.0f inserts/s, which take %.2f cores, %,.0f for each free core: %.2f%n",
                    idle, share / seconds, others / seconds, beside, beside / idle);
        }
    }

    private static long processCpuNs() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private double build() {
        int warm = base.length / 8;
        try (LinkPool pool = new LinkPool(CORES - 1, () -> false)) {
            while (inserted < warm) {
                step(pool);
            }
            long startedNs = System.nanoTime();
            int first = inserted;
            while (inserted < base.length / 2) {
                step(pool);
            }
            return (inserted - first) / ((System.nanoTime() - startedNs) / 1e9);
        }
    }

    /** Searches want their core all the time: no helper links beside the writer. */
    private void insert(int to, double rate) {
        long startedNs = System.nanoTime();
        int first = inserted;
        while (inserted < to) {
            step(Parallel.NONE);
            long due = startedNs + (long) ((inserted - first) / rate * 1e9);
            LockSupport.parkNanos(due - System.nanoTime());
        }
    }

    private void step(Parallel parallel) {
        List<Point> points = new ArrayList<>(RECORD);
        for (int end = Math.min(base.length, inserted + RECORD); inserted < end; inserted++) {
            points.add(new Point("p" + inserted, base[inserted], Metadata.EMPTY));
        }
        shard.upsert(points);
        shard.link(parallel);
        published = shard.snapshot();
    }

    private double searchFor(long ns) {
        long startedNs = System.nanoTime();
        long searches = 0;
        while (System.nanoTime() - startedNs < ns) {
            search(searches++);
        }
        return searches / ((System.nanoTime() - startedNs) / 1e9);
    }

    private void search(long number) {
        float[] query = queries[(int) (number % queries.length)];
        SearchRequest request = new SearchRequest(query, 10, ef, false, Float.NEGATIVE_INFINITY, null, false, false);
        if (published.find(request, scratch).count() != 10) {
            throw new IllegalStateException("fewer than 10 found");
        }
    }
}
