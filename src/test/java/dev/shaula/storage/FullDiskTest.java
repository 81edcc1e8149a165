package dev.shaula.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.shaula.model.VectorDbException;
import dev.shaula.storage.Write.Delete;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Repeated, for which of the threads meets the full disk first decides what happens. On a real file system of 32 MB, which takes the right to mount one; skipped without it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // a stalled native call hears no interrupt
class FullDiskTest {
    private static final int ROWS = 20;
    private static final int DIMENSIONS = 1_000;
    private static final StorageRuntime.Settings SETTINGS =
            new StorageRuntime.Settings(16L << 20, 1L << 20, 1, 6L << 20);

    @TempDir
    Path directory;

    private Path disk;
    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        disk = Files.createDirectory(directory.resolve("disk"));
        mounted = run("mount", "-t", "tmpfs", "-o", "size=52m", "tmpfs", disk.toString());
        assumeTrue(mounted, "cannot mount a file system here");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(run("umount", disk.toString())).isTrue();
        }
    }

    @RepeatedTest(3)
    void shouldRefuseUpsertsServeReadsAcceptDeletesAndResume() throws Exception {
        Path ballast = disk.resolve("ballast");
        try (StorageRuntime runtime = StorageRuntime.open(disk, SETTINGS)) {
            Path shard = disk.resolve("shard");
            try (RocksShardStore store = RocksShardStore.open(shard, StoreOptions.DEFAULT, runtime)) {
                Files.write(ballast, new byte[12 << 20]);
                long last = fill(store);
                assertThat(store.lastSequence()).isEqualTo(last);
                assertAllThere(store, last);
                assertThatThrownBy(() -> store.append(StoreFixture.record(last + 1, ROWS, DIMENSIONS)))
                        .isInstanceOfSatisfying(VectorDbException.class, FullDiskTest::isStorageFull);

                store.append(new LogRecord(last + 1, List.of(new Delete(1, "id-1"))));
                store.drop(new int[] {1}, StoreFixture.upserted(1), 1);
                assertThat(store.get(1).isEmpty()).isTrue();
                assertAllThere(store, last + 1);

                Files.delete(ballast);
                appendOnceThereIsRoom(store, StoreFixture.record(last + 2, ROWS, DIMENSIONS));
                assertAllThere(store, last + 2);
            }
            try (RocksShardStore store = RocksShardStore.open(shard, StoreOptions.DEFAULT, runtime)) {
                assertThat(StoreFixture.replayed(store, -1)).hasSize((int) store.lastSequence() + 1);
            }
        }
    }

    /** Trimming alone must be able to make room, or a full disk would stay full for ever. */
    @RepeatedTest(3)
    void shouldGetOutOfAFullDiskByTrimming() throws Exception {
        try (StorageRuntime runtime = StorageRuntime.open(disk, SETTINGS);
                RocksShardStore store = RocksShardStore.open(disk.resolve("shard"), StoreOptions.DEFAULT, runtime)) {
            long last = fill(store);
            store.trim(last);
            assertThat(StoreFixture.replayed(store, last)).isEmpty();
            appendOnceThereIsRoom(store, StoreFixture.record(last + 1, ROWS, DIMENSIONS));
            assertThat(StoreFixture.replayed(store, last)).hasSize(1);
        }
    }

    /** Appends until refused; returns the last sequence number that was accepted. */
    private static long fill(RocksShardStore store) {
        for (long sequence = 0; ; sequence++) {
            try {
                store.append(StoreFixture.record(sequence, ROWS, DIMENSIONS));
            } catch (VectorDbException e) {
                isStorageFull(e);
                return sequence - 1;
            }
        }
    }

    private static void isStorageFull(VectorDbException e) {
        assertThat(e.kind()).as(e.getMessage()).isEqualTo(VectorDbException.Kind.STORAGE_FULL);
    }

    private static void assertAllThere(RocksShardStore store, long last) {
        assertThat(StoreFixture.replayed(store, -1))
                .extracting(LogRecord::sequence)
                .hasSize((int) last + 1)
                .endsWith(last);
        assertThat(store.get(2)).isEqualTo(StoreFixture.metadata(2));
    }

    private static void appendOnceThereIsRoom(RocksShardStore store, LogRecord record) {
        Instant deadline = Instant.now().plus(Duration.ofSeconds(30));
        while (true) {
            try {
                store.append(record);
                return;
            } catch (VectorDbException e) {
                isStorageFull(e);
                assertThat(Instant.now()).as("writing has not resumed").isBefore(deadline);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
        }
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
    }
}
