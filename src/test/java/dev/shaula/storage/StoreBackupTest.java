package dev.shaula.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class StoreBackupTest {
    private static final int ROWS = 10;
    private static final int DIMENSIONS = 300;

    @TempDir
    Path directory;

    @Test
    void shouldCopyAPrefixOfTheLogWhileItIsAppendedTo() throws Exception {
        try (StorageRuntime runtime = StoreFixture.runtime(directory);
                RocksShardStore store =
                        RocksShardStore.open(directory.resolve("live"), StoreOptions.DEFAULT, runtime)) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicLong appended = new AtomicLong(-1);
            Thread writer = Thread.ofPlatform().start(() -> {
                for (long s = 0; !stop.get(); s++) {
                    store.append(StoreFixture.record(s, ROWS, DIMENSIONS));
                    appended.set(s);
                }
            });
            for (int i = 0; i < 5; i++) {
                long before = appended.get();
                long last = store.backup(directory.resolve("copy-" + i));
                assertThat(last).isBetween(before, appended.get() + 1);
                assertIsPrefix(runtime, directory.resolve("copy-" + i), last);
            }
            stop.set(true);
            writer.join();
        }
    }

    private static void assertIsPrefix(StorageRuntime runtime, Path copy, long last) {
        try (RocksShardStore opened = RocksShardStore.open(copy, StoreOptions.DEFAULT, runtime)) {
            assertThat(opened.lastSequence()).isEqualTo(last);
            List<LogRecord> records = StoreFixture.replayed(opened, ShardLog.BEFORE_FIRST);
            assertThat(records).hasSize((int) last + 1);
            assertThat(IntStream.range(0, records.size())
                            .allMatch(s -> StoreFixture.same(records.get(s), StoreFixture.record(s, ROWS, DIMENSIONS))))
                    .isTrue();
            for (int ordinal = 0; ordinal < records.size() * ROWS; ordinal++) {
                assertThat(opened.get(ordinal).json())
                        .isEqualTo(StoreFixture.metadata(ordinal).json());
            }
        }
    }

    /** The watermark of a copy is exact, so that a copy that lost its tail is reported instead of opened. */
    @Test
    void shouldReportACopyThatLostItsTail() throws Exception {
        try (StorageRuntime runtime = StoreFixture.runtime(directory);
                RocksShardStore store =
                        RocksShardStore.open(directory.resolve("live"), StoreOptions.DEFAULT, runtime)) {
            store.append(StoreFixture.record(0, ROWS, DIMENSIONS));
            store.backup(directory.resolve("older"));
            store.append(StoreFixture.record(1, ROWS, DIMENSIONS));
            store.backup(directory.resolve("copy"));
            Files.copy(
                    directory.resolve("copy").resolve(Watermark.FILE),
                    directory.resolve("older").resolve(Watermark.FILE),
                    StandardCopyOption.REPLACE_EXISTING);
            assertThatThrownBy(() -> RocksShardStore.open(directory.resolve("older"), StoreOptions.DEFAULT, runtime))
                    .isInstanceOf(StorageCorruptedException.class)
                    .hasMessageContaining("expected records up to 1");
        }
    }

    @Test
    void shouldShareTablesWithTheStoreAndLeaveNothingElseBehind() throws Exception {
        try (StorageRuntime runtime = StoreFixture.runtime(directory);
                RocksShardStore store =
                        RocksShardStore.open(directory.resolve("live"), StoreOptions.DEFAULT, runtime)) {
            store.append(StoreFixture.record(0, ROWS, DIMENSIONS));
            store.backup(directory.resolve("copy"));
        }
        try (Stream<Path> copied = Files.list(directory.resolve("copy"))) {
            List<Path> files = copied.toList();
            assertThat(files).anyMatch(f -> f.toString().endsWith(".sst"));
            assertThat(files).anyMatch(f -> f.toString().endsWith(".blob"));
            for (Path file : files) {
                String name = file.getFileName().toString();
                Path original = directory.resolve("live").resolve(name);
                assertThat(name).matches(".+\\.(sst|blob|log)|CURRENT|(MANIFEST|OPTIONS)-\\d+|watermark");
                if (name.endsWith(".sst") || name.endsWith(".blob")) {
                    assertThat(Files.isSameFile(file, original)).as(name).isTrue();
                }
                if (name.matches("CURRENT|MANIFEST-\\d+|watermark") && Files.exists(original)) {
                    assertThat(Files.isSameFile(file, original)).as(name).isFalse();
                }
            }
        }
    }
}
