package dev.shaula.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node on a file system that fills up, from end to end. Takes the right to mount one; skipped without it. */
@Timeout(value = 150, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FullDiskNodeTest {
    private static final String THINGS = "things";
    private static final int DIMENSIONS = 512;
    private static final int BATCH = 100;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Ledger SEEDED = new Ledger(DIMENSIONS, 3);

    @TempDir
    Path directory;

    private Path disk;
    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        disk = Files.createDirectory(directory.resolve("disk"));
        mounted = run("mount", "-t", "tmpfs", "-o", "size=320m", "tmpfs", disk.toString());
        assumeTrue(mounted, "skipped: cannot mount a file system here");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(run("umount", disk.toString())).isTrue();
        }
    }

    @Test
    void shouldServeRefuseAndResumeOnAFullDisk() throws Exception {
        Path data = Files.createDirectory(disk.resolve("data"));
        NodeProcess.Settings settings = NodeProcess.Settings.of(data).withCheckpointsEvery(Duration.ofMillis(500));
        List<Integer> acknowledged = new ArrayList<>();
        Path ballast = disk.resolve("ballast");
        try (NodeProcess node = NodeProcess.start(settings);
                NodeClient client = node.connect()) {
            client.create(new CollectionConfig(THINGS, DIMENSIONS, Metric.COSINE, 1, 16, 50, true));
            upsert(client, 0, acknowledged);
            client.commit(THINGS);
            Files.write(ballast, new byte[150 << 20]);

            int refused = fill(client, acknowledged);
            assertAllThere(client, acknowledged);
            client.delete(THINGS, List.of(id(0)));
            acknowledged.remove(Integer.valueOf(0));
            assertThat(client.get(THINGS, id(0))).isEmpty();
            assertThat(client.get(THINGS, id(refused))).as("a refused point").isEmpty();

            fillToTheLastByte();
            commitIfThereIsRoom(client);
            assertAllThere(client, acknowledged);
            Files.delete(disk.resolve("rest"));
            Files.delete(ballast);
            upsertOnceThereIsRoom(client, refused, acknowledged);
            client.commit(THINGS);
            assertAllThere(client, acknowledged);
        }
        Files.write(ballast, new byte[60 << 20]);
        try (NodeProcess node = NodeProcess.start(settings);
                NodeClient client = node.connect()) {
            assertAllThere(client, acknowledged);
        }
    }

    /** A node must come back on the disk that it filled, or nothing could ever be deleted from it. */
    @Test
    void shouldStartOnAFullDisk() throws Exception {
        Path data = Files.createDirectory(disk.resolve("data"));
        NodeProcess.Settings settings = NodeProcess.Settings.of(data).withCheckpointsEvery(Duration.ofMillis(500));
        List<Integer> acknowledged = new ArrayList<>();
        try (NodeProcess node = NodeProcess.start(settings);
                NodeClient client = node.connect()) {
            client.create(new CollectionConfig(THINGS, DIMENSIONS, Metric.COSINE, 1, 16, 50, true));
            Files.write(disk.resolve("ballast"), new byte[150 << 20]);
            fill(client, acknowledged);
        }
        fillToTheLastByte();
        try (NodeProcess node = NodeProcess.start(settings);
                NodeClient client = node.connect()) {
            assertAllThere(client, acknowledged);
            Files.delete(disk.resolve("rest"));
            Files.delete(disk.resolve("ballast"));
            upsertOnceThereIsRoom(client, acknowledged.size(), acknowledged);
            assertAllThere(client, acknowledged);
        }
    }

    /** The space that the node kept back may be enough for it; if not, it must say so and do no harm. */
    private static void commitIfThereIsRoom(NodeClient client) {
        try {
            client.commit(THINGS);
        } catch (VectorDbException e) {
            assertThat(e.kind()).as(e.getMessage()).isEqualTo(VectorDbException.Kind.STORAGE_FULL);
        }
    }

    private void fillToTheLastByte() throws IOException {
        try (var out = Files.newOutputStream(disk.resolve("rest"))) {
            byte[] chunk = new byte[4_096];
            while (true) {
                out.write(chunk);
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    /** Writes until it is refused as it should be; returns the first point of the refused batch. */
    private static int fill(NodeClient client, List<Integer> acknowledged) {
        for (int from = acknowledged.size(); ; from += BATCH) {
            try {
                upsert(client, from, acknowledged);
            } catch (VectorDbException e) {
                assertThat(e.kind()).as(e.getMessage()).isEqualTo(VectorDbException.Kind.STORAGE_FULL);
                return from;
            }
        }
    }

    private static void upsert(NodeClient client, int from, List<Integer> acknowledged) {
        client.upsert(
                THINGS,
                IntStream.range(from, from + BATCH)
                        .mapToObj(FullDiskNodeTest::point)
                        .toList());
        IntStream.range(from, from + BATCH).forEach(acknowledged::add);
    }

    private static void upsertOnceThereIsRoom(NodeClient client, int from, List<Integer> acknowledged) {
        Instant deadline = Instant.now().plus(PATIENCE);
        while (true) {
            try {
                upsert(client, from, acknowledged);
                return;
            } catch (VectorDbException e) {
                assertThat(e.kind()).as(e.getMessage()).isEqualTo(VectorDbException.Kind.STORAGE_FULL);
                assertThat(Instant.now()).as("writing has not resumed").isBefore(deadline);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
        }
    }

    private static void assertAllThere(NodeClient client, List<Integer> acknowledged) {
        assertThat(client.count(THINGS)).isEqualTo(acknowledged.size());
        for (int i = 0; i < acknowledged.size(); i += 37) {
            Point point = point(acknowledged.get(i));
            assertThat(client.get(THINGS, point.id()))
                    .hasValueSatisfying(found -> assertThat(found.metadata()).isEqualTo(point.metadata()));
            assertThat(client.search(THINGS, point.vector(), 1, NodeClient.EXACT))
                    .extracting(ScoredPoint::id)
                    .containsExactly(point.id());
        }
    }

    private static String id(int n) {
        return "p" + n;
    }

    private static Point point(int n) {
        return new Point(id(n), SEEDED.vector(id(n), 1), Metadata.ofJson("{\"n\":" + n + "}"));
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
    }
}
