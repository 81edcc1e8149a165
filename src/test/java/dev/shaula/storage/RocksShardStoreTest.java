package dev.shaula.storage;

import static dev.shaula.storage.StoreFixture.metadata;
import static dev.shaula.storage.StoreFixture.payloads;
import static dev.shaula.storage.StoreFixture.record;
import static dev.shaula.storage.StoreFixture.replayed;
import static dev.shaula.storage.StoreFixture.same;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.model.Metadata;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksShardStoreTest {
    private static final int ROWS = 4;
    private static final int DIMENSIONS = 13;

    @TempDir
    Path directory;

    private StorageRuntime runtime;

    @BeforeEach
    void startRuntime() {
        runtime = StoreFixture.runtime(directory);
    }

    @AfterEach
    void closeRuntime() {
        runtime.close();
    }

    private RocksShardStore open() {
        return RocksShardStore.open(directory.resolve("shard"), StoreOptions.DEFAULT, runtime);
    }

    @Test
    void shouldReplayWhatWasAppendedAfterReopening() {
        try (RocksShardStore store = open()) {
            assertThat(store.lastSequence()).isEqualTo(ShardLog.BEFORE_FIRST);
            for (long sequence : List.of(0L, 1L, 7L, 8L)) {
                store.append(record(sequence, ROWS, DIMENSIONS));
            }
        }
        try (RocksShardStore store = open()) {
            assertThat(store.lastSequence()).isEqualTo(8);
            assertThat(replayed(store, ShardLog.BEFORE_FIRST))
                    .usingElementComparator((a, b) -> same(a, b) ? 0 : 1)
                    .containsExactly(
                            record(0, ROWS, DIMENSIONS),
                            record(1, ROWS, DIMENSIONS),
                            record(7, ROWS, DIMENSIONS),
                            record(8, ROWS, DIMENSIONS));
            assertThat(replayed(store, 3)).extracting(LogRecord::sequence).containsExactly(7L, 8L);
            assertThat(replayed(store, 8)).isEmpty();
        }
    }

    @Test
    void shouldServeMetadataByOrdinalAndCostNoRowWhenEmpty() {
        try (RocksShardStore store = open()) {
            for (int sequence = 0; sequence < 10; sequence++) {
                store.append(record(sequence, ROWS, DIMENSIONS));
            }
            int[] ordinals = {39, 1, 0, 1, 4_000, 38};
            Metadata[] expected = {metadata(39), metadata(1), metadata(0), metadata(1), Metadata.EMPTY};
            assertThat(store.getAll(ordinals, 5)).isEqualTo(expected);
            assertThat(store.getAll(ordinals, 0)).isEmpty();
            assertThat(store.get(38)).isEqualTo(metadata(38));

            int[] visited = {-1};
            store.forEach((ordinal, metadata) -> {
                assertThat(ordinal).isGreaterThan(visited[0]);
                assertThat(metadata.isEmpty()).isFalse();
                visited[0] = ordinal;
            });
            assertThat(payloads(store)).hasSize(26);

            store.drop(new int[] {1, 2, 3, 4}, StoreFixture.upserted(4), 3);
            assertThat(payloads(store)).hasSize(24).containsKey(4).doesNotContainKeys(1, 2);
        }
    }

    @Test
    void shouldVisitTheRowsThatWereThereWhenTheVisitBegan() {
        try (RocksShardStore store = open()) {
            store.append(record(0, ROWS, DIMENSIONS));
            int[] visits = {0};
            store.forEach((ordinal, metadata) -> {
                visits[0]++;
                store.append(record(store.lastSequence() + 1, ROWS, DIMENSIONS));
                store.drop(new int[] {2}, StoreFixture.upserted(1), 1);
            });
            assertThat(visits[0]).isEqualTo(2);
        }
    }

    @Test
    void shouldRefuseASequenceNumberThatDoesNotAscend() {
        try (RocksShardStore store = open()) {
            store.append(record(5, ROWS, DIMENSIONS));
            assertThatThrownBy(() -> store.append(record(5, ROWS, DIMENSIONS)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("sequence")
                    .hasMessageContaining("5");
            store.append(record(6, ROWS, DIMENSIONS));
        }
    }

    @Test
    void shouldRememberTheLastSequenceNumberWhenEverythingIsTrimmed() {
        try (RocksShardStore store = open()) {
            for (int sequence = 0; sequence < 10; sequence++) {
                store.append(record(sequence, ROWS, DIMENSIONS));
            }
            store.trim(4);
            assertThat(replayed(store, 4)).hasSize(5);
            assertThatThrownBy(() -> replayed(store, 3)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.trim(10)).isInstanceOf(IllegalArgumentException.class);
            store.trim(9);
            store.trim(2);
        }
        try (RocksShardStore store = open()) {
            assertThat(store.lastSequence()).isEqualTo(9);
            assertThat(store.trimmedSequence()).isEqualTo(9);
            assertThat(replayed(store, 9)).isEmpty();
            assertThat(payloads(store)).hasSize(26);
            store.append(record(10, ROWS, DIMENSIONS));
            assertThat(replayed(store, 9)).hasSize(1);
        }
    }

    @Test
    void shouldGiveDiskSpaceBackWhenTrimmed() throws Exception {
        try (RocksShardStore store = open()) {
            for (int sequence = 0; sequence < 600; sequence++) {
                store.append(record(sequence, 100, 256));
                if (sequence % 20 == 19) {
                    store.trim(sequence);
                }
            }
            // 60 MB of vectors went through; what is left is bounded by the buffers not yet flushed and their log.
            assertThat(size(directory.resolve("shard"))).isLessThan(30L << 20);
        }
    }

    @Test
    void shouldFailClearlyAfterCloseAndCloseTwiceWithoutHarm() {
        RocksShardStore store = open();
        store.append(record(0, ROWS, DIMENSIONS));
        store.close();
        store.close();
        List<Runnable> uses = List.of(
                () -> store.append(record(1, ROWS, DIMENSIONS)),
                () -> replayed(store, -1),
                () -> store.trim(0),
                store::sync,
                () -> store.get(1),
                () -> store.getAll(new int[] {1}, 1),
                () -> store.drop(new int[] {1}, StoreFixture.upserted(1), 1),
                () -> payloads(store));
        for (Runnable use : uses) {
            assertThatThrownBy(use::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    void shouldWaitForReadersWhenClosed() throws Exception {
        RocksShardStore store = open();
        store.append(record(0, ROWS, DIMENSIONS));
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Thread reader = Thread.ofPlatform()
                .start(() -> store.forEach((ordinal, metadata) -> {
                    inside.countDown();
                    try {
                        release.await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                }));
        inside.await();
        Thread closer = Thread.ofPlatform().start(store::close);
        while (closer.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        release.countDown();
        reader.join();
        closer.join();
        assertThatThrownBy(() -> store.get(1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void shouldRefuseToBeClosedFromWithinItsOwnReading() {
        try (RocksShardStore store = open()) {
            store.append(record(0, ROWS, DIMENSIONS));
            Runnable closing = store::close;
            assertThatThrownBy(() -> store.forEach((ordinal, metadata) -> closing.run()))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(store.get(1)).isEqualTo(metadata(1));
        }
    }

    @Test
    void shouldRefuseASecondStoreInTheSameDirectory() {
        try (RocksShardStore store = open()) {
            assertThatThrownBy(this::open).isInstanceOf(VectorDbException.class).hasMessageContaining("in use");
            store.append(record(0, ROWS, DIMENSIONS));
        }
    }

    @Test
    void shouldHoldEverythingWhenSyncedByTheClock() {
        StoreOptions byClock = StoreOptions.syncedEvery(Duration.ofMillis(10));
        Path shard = directory.resolve("shard");
        try (RocksShardStore store = RocksShardStore.open(shard, byClock, runtime)) {
            IntStream.range(0, 50).forEach(i -> store.append(record(i, ROWS, DIMENSIONS)));
            store.sync();
        }
        try (RocksShardStore store = open()) {
            assertThat(replayed(store, -1)).hasSize(50);
        }
    }

    @Test
    void shouldNoticeThatTheWholeLogIsGone() throws Exception {
        try (RocksShardStore store = open()) {
            store.append(record(3, ROWS, DIMENSIONS));
        }
        try (Stream<Path> files = Files.list(directory.resolve("shard"))) {
            for (Path file : files.filter(f -> !f.endsWith(Watermark.FILE)).toList()) {
                Files.delete(file);
            }
        }
        assertThatThrownBy(this::open)
                .isInstanceOf(StorageCorruptedException.class)
                .hasMessageContaining("expected records up to 3");
    }

    static long size(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(RocksShardStoreTest::fileSize)
                    .sum();
        }
    }

    private static long fileSize(Path file) {
        try {
            return Files.exists(file) ? Files.size(file) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
