package dev.shaula.durability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What syncing before every answer costs: 16 writers against syncing by the clock, in turns, the median of each. A
 * measurement, so only on demand: {@code ./mvnw test -Dtest=SyncThroughputTest -Dsync.seconds=5}.
 */
@EnabledIfSystemProperty(named = "sync.seconds", matches = "\\d+")
class SyncThroughputTest {
    private static final String THINGS = "things";
    private static final int WRITERS = 16;
    private static final int DIMENSIONS = 384;
    private static final int ROUNDS = 5;
    private static final Duration RELAXED = Duration.ofMillis(200);

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(ints = {1, 100})
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void shouldCostLittleToSyncBeforeEachAnswer(int batch) throws Exception {
        double[] always = new double[ROUNDS];
        double[] relaxed = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            always[round] = measure(batch, Duration.ZERO, round);
            relaxed[round] = measure(batch, RELAXED, round);
        }
        double ratio = median(always) / median(relaxed);
        System.out.printf(
                Locale.ROOT,
                "SyncThroughputTest batches of %d: always %.0f points/s %s, every %d ms %.0f points/s %s, ratio %.3f%n",
                batch,
                median(always),
                Arrays.toString(always),
                RELAXED.toMillis(),
                median(relaxed),
                Arrays.toString(relaxed),
                ratio);
        assertThat(ratio).isGreaterThanOrEqualTo(0.9);
    }

    /** Points per second, after a warm-up of half the time. */
    private double measure(int batch, Duration sync, int round) throws Exception {
        Path data = Files.createDirectory(directory.resolve(batch + "-" + sync.toMillis() + "-" + round));
        try (NodeProcess node = NodeProcess.start(NodeProcess.Settings.of(data).withSyncEvery(sync))) {
            try (NodeClient client = node.connect()) {
                client.create(new CollectionConfig(THINGS, DIMENSIONS, Metric.COSINE, 1, 16, 100, true));
            }
            long seconds = Long.getLong("sync.seconds", 5);
            AtomicInteger ids = new AtomicInteger();
            write(node, batch, ids, Duration.ofSeconds(Math.max(1, seconds / 2)));
            return write(node, batch, ids, Duration.ofSeconds(seconds));
        }
    }

    private static double write(NodeProcess node, int batch, AtomicInteger ids, Duration time) throws Exception {
        long started = System.nanoTime();
        long end = started + time.toNanos();
        try (ExecutorService threads = Executors.newFixedThreadPool(WRITERS)) {
            List<Future<Integer>> writers = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                writers.add(threads.submit(() -> writeUntil(node, batch, ids, end)));
            }
            long points = 0;
            for (Future<Integer> writer : writers) {
                points += writer.get(10, TimeUnit.MINUTES);
            }
            return points * 1e9 / (System.nanoTime() - started);
        }
    }

    private static int writeUntil(NodeProcess node, int batch, AtomicInteger ids, long end) {
        int points = 0;
        try (NodeClient client = node.connect()) {
            while (System.nanoTime() < end) {
                List<Point> some = new ArrayList<>();
                for (int i = 0; i < batch; i++) {
                    some.add(point(ids.getAndIncrement()));
                }
                client.upsert(THINGS, some);
                points += batch;
            }
        }
        return points;
    }

    private static Point point(int n) {
        float[] vector = new float[DIMENSIONS];
        Random random = new Random(n);
        for (int d = 0; d < DIMENSIONS; d++) {
            vector[d] = random.nextFloat() - 0.5f;
        }
        return new Point("p" + n, vector, Metadata.ofJson("{\"n\":" + n + "}"));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
