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
 * What syncing before every answer costs: {@code -Dsync.writers=16} writers, each waiting for its answer before it sends
 * more, against two nodes that run at the same time, one of which syncs by the clock. They are written to in turns, so
 * that whatever else the machine does, and however warm it is, both meet alike. A measurement, so only on demand:
 * {@code ./mvnw test -Dtest=SyncThroughputTest -Dsync.seconds=2}.
 */
@EnabledIfSystemProperty(named = "sync.seconds", matches = "\\d+")
class SyncThroughputTest {
    private static final String THINGS = "things";
    private static final int WRITERS = Integer.getInteger("sync.writers", 16);
    private static final int DIMENSIONS = 384;
    private static final int PAIRS = Integer.getInteger("sync.pairs", 12);
    private static final Duration RELAXED = Duration.ofMillis(200);
    private static final Duration TURN = Duration.ofSeconds(Long.getLong("sync.seconds", 2));

    @TempDir
    Path directory;

    private final AtomicInteger ids = new AtomicInteger();

    @ParameterizedTest
    @ValueSource(ints = {1, 100})
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void shouldCostLittleToSyncBeforeEachAnswer(int batch) throws Exception {
        try (NodeProcess always = start(Duration.ZERO, batch);
                NodeProcess relaxed = start(RELAXED, batch)) {
            write(always, batch, TURN.multipliedBy(2));
            write(relaxed, batch, TURN.multipliedBy(2));
            double[] perSecond = new double[PAIRS];
            double[] relaxedPerSecond = new double[PAIRS];
            for (int pair = 0; pair < PAIRS; pair++) {
                // What a turn leaves to be linked is done in the next one: who comes first changes.
                if (pair % 2 == 0) {
                    perSecond[pair] = write(always, batch, TURN);
                    relaxedPerSecond[pair] = write(relaxed, batch, TURN);
                } else {
                    relaxedPerSecond[pair] = write(relaxed, batch, TURN);
                    perSecond[pair] = write(always, batch, TURN);
                }
            }
            double ratio = mean(perSecond) / mean(relaxedPerSecond);
            System.out.printf(
                    Locale.ROOT,
                    "SyncThroughputTest %d writers, batches of %d: always %.0f points/s %s, every %d ms %.0f points/s %s,"
                            + " ratio %.3f%n",
                    WRITERS,
                    batch,
                    mean(perSecond),
                    rounded(perSecond),
                    RELAXED.toMillis(),
                    mean(relaxedPerSecond),
                    rounded(relaxedPerSecond),
                    ratio);
            assertThat(ratio).isGreaterThanOrEqualTo(0.9);
        }
    }

    private NodeProcess start(Duration sync, int batch) throws Exception {
        Path data = Files.createDirectory(directory.resolve(batch + "-" + sync.toMillis()));
        NodeProcess node = NodeProcess.start(NodeProcess.Settings.of(data).withSyncEvery(sync));
        try (NodeClient client = node.connect()) {
            client.create(new CollectionConfig(THINGS, DIMENSIONS, Metric.COSINE, 1, 16, 100, true));
        }
        return node;
    }

    /** Points per second. */
    private double write(NodeProcess node, int batch, Duration time) throws Exception {
        long started = System.nanoTime();
        long end = started + time.toNanos();
        try (ExecutorService threads = Executors.newFixedThreadPool(WRITERS)) {
            List<Future<Integer>> writers = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                writers.add(threads.submit(() -> writeUntil(node, batch, end)));
            }
            long points = 0;
            for (Future<Integer> writer : writers) {
                points += writer.get(10, TimeUnit.MINUTES);
            }
            return points * 1e9 / (System.nanoTime() - started);
        }
    }

    private int writeUntil(NodeProcess node, int batch, long end) {
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

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElseThrow();
    }

    private static String rounded(double[] values) {
        return Arrays.stream(values).mapToLong(Math::round).boxed().toList().toString();
    }
}
