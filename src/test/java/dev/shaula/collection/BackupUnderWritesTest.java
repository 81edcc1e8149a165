package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.shard.ShardRuntime;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A backup taken beside writers, compared with a replay of what they were told. */
@Timeout(180)
class BackupUnderWritesTest {
    private static final int DIMENSIONS = 16;
    private static final int SHARDS = 3;
    private static final int IDS = 100;

    @TempDir
    Path data;

    /** Writes one point at a time and waits for the answer; keeps ids of its own. */
    private static final class Writer {
        private final String prefix;
        private final VectorCollection collection;
        private final Random random;
        private final RandomVectors vectors;
        /** The writes in order: the id, and the point, or none for a delete. Grown before the write is sent. */
        private final List<Map.Entry<String, List<Point>>> history = new ArrayList<>();

        private volatile int issued;
        private volatile int acknowledged;

        Writer(int number, VectorCollection collection) {
            this.prefix = "w" + number + "-";
            this.collection = collection;
            this.random = new Random(number);
            this.vectors = new RandomVectors(DIMENSIONS, number);
        }

        void runUntil(AtomicBoolean stop) {
            while (!stop.get()) {
                String id = prefix + random.nextInt(IDS);
                boolean delete = random.nextInt(4) == 0;
                Metadata number = Metadata.ofJson("{\"n\":" + history.size() + "}");
                List<Point> points = delete ? List.of() : List.of(new Point(id, vectors.next(), number));
                synchronized (history) {
                    history.add(Map.entry(id, points));
                }
                int n = history.size();
                issued = n;
                get(delete ? collection.delete(List.of(id), Ack.INDEXED) : collection.upsert(points, Ack.INDEXED));
                acknowledged = n;
            }
        }

        /** The writes to one shard among the first {@code n}. */
        List<Map.Entry<String, List<Point>>> toShard(int shard, int n) {
            synchronized (history) {
                return history.subList(0, n).stream()
                        .filter(write -> Routing.shardOf(write.getKey(), SHARDS) == shard)
                        .toList();
            }
        }
    }

    @Test
    void shouldHoldAPrefixOfTheAcknowledgedHistoryOfEveryShard() {
        // Checkpoints as often as can be, so that their trimming and deleting meets the backups.
        try (EmbeddedNode node = new EmbeddedNode(
                data,
                new LocalCollections.Settings(8, 64 << 20, 256 << 10, Duration.ofSeconds(30)),
                s -> withCheckpointsEvery(s, Duration.ofMillis(10)))) {
            VectorCollection live =
                    node.create(new CollectionConfig("live", DIMENSIONS, Metric.EUCLIDEAN, SHARDS, 16, 100, true));
            List<Point> before = new RandomVectors(DIMENSIONS, 99).points("before", 2_000);
            get(live.upsert(before, Ack.INDEXED));
            List<Writer> writers = new ArrayList<>();
            AtomicBoolean stop = new AtomicBoolean();
            List<CompletableFuture<Void>> running = new ArrayList<>();
            for (int w = 0; w < 4; w++) {
                Writer writer = new Writer(w, live);
                writers.add(writer);
                running.add(CompletableFuture.runAsync(
                        () -> writer.runUntil(stop), task -> Thread.ofPlatform().start(task)));
            }
            running.add(CompletableFuture.runAsync(
                    () -> {
                        while (!stop.get()) {
                            get(live.commit());
                        }
                    },
                    task -> Thread.ofPlatform().start(task)));
            try {
                for (int i = 0; i < 5; i++) {
                    backUpAndCompare(node, writers, before, "b" + i);
                }
            } finally {
                stop.set(true);
            }
            running.forEach(CompletableFuture::join);
        }
    }

    private static ShardRuntime.Settings withCheckpointsEvery(ShardRuntime.Settings s, Duration interval) {
        return new ShardRuntime.Settings(
                s.dataDir(),
                s.searchThreads(),
                s.searchQueue(),
                s.syncInterval(),
                s.maxBatchWrites(),
                s.maxWritesPerSecond(),
                s.memoryLimitBytes(),
                interval);
    }

    private static void backUpAndCompare(EmbeddedNode node, List<Writer> writers, List<Point> before, String name) {
        int[] atLeast = writers.stream().mapToInt(w -> w.acknowledged).toArray();
        get(node.collections().backups().create(new Backups.Request("live", name)));
        int[] atMost = writers.stream().mapToInt(w -> w.issued).toArray();
        get(node.collections().backups().restore(new Backups.Restoration(name, "live", name)));
        VectorCollection restored = node.collections().require(name);

        List<Point> all = new ArrayList<>();
        for (Point point : before) {
            assertThat(find(restored, point.id())).isEqualTo(text(point));
            all.add(point);
        }
        for (int w = 0; w < writers.size(); w++) {
            for (int shard = 0; shard < SHARDS; shard++) {
                assertIsPrefix(restored, writers.get(w), shard, atLeast[w], atMost[w], all);
            }
        }
        assertThat(restored.info().vectorCount()).isEqualTo(all.size());
        assertThat(recall(restored, all)).isGreaterThan(0.95);
        get(node.collections().drop(name));
    }

    private static void assertIsPrefix(
            VectorCollection restored, Writer writer, int shard, int atLeast, int atMost, List<Point> all) {
        List<Map.Entry<String, List<Point>>> writes = writer.toShard(shard, atMost);
        int from = writer.toShard(shard, atLeast).size();
        Map<String, String> found = new HashMap<>();
        for (int i = 0; i < IDS; i++) {
            String id = writer.prefix + i;
            String point = Routing.shardOf(id, SHARDS) == shard ? find(restored, id) : null;
            if (point != null) {
                found.put(id, point);
            }
        }
        Map<String, Point> replayed = new HashMap<>();
        int n = 0;
        while (n < from || (n < writes.size() && !texts(replayed).equals(found))) {
            Map.Entry<String, List<Point>> write = writes.get(n++);
            if (write.getValue().isEmpty()) {
                replayed.remove(write.getKey());
            } else {
                replayed.put(write.getKey(), write.getValue().getFirst());
            }
        }
        assertThat(found)
                .as("shard %d, writes %d to %d of %s", shard, from, writes.size(), writer.prefix)
                .isEqualTo(texts(replayed));
        all.addAll(replayed.values());
    }

    private static Map<String, String> texts(Map<String, Point> points) {
        Map<String, String> texts = new HashMap<>();
        points.forEach((id, point) -> texts.put(id, text(point)));
        return texts;
    }

    private static @Nullable String find(VectorCollection collection, String id) {
        return get(collection.get(id)).map(BackupUnderWritesTest::text).orElse(null);
    }

    private static String text(Point point) {
        String metadata = new String(point.metadata().json(), StandardCharsets.UTF_8);
        return metadata + Arrays.toString(point.vector());
    }

    private static double recall(VectorCollection collection, List<Point> points) {
        int found = 0;
        int queries = 50;
        for (int q = 0; q < queries; q++) {
            float[] query = points.get(q * points.size() / queries).vector();
            Set<String> nearest = new HashSet<>(points.stream()
                    .sorted(Comparator.comparingDouble(p -> distance(p.vector(), query)))
                    .limit(10)
                    .map(Point::id)
                    .toList());
            for (ScoredPoint hit : get(collection.search(SearchRequest.of(query, 10)))) {
                found += nearest.contains(hit.id()) ? 1 : 0;
            }
        }
        return found / (10.0 * queries);
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }
}
