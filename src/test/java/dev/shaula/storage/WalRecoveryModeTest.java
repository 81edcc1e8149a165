package dev.shaula.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WALRecoveryMode;

/** Holds the table in {@link RocksFiles}: what RocksDB does with a damaged write-ahead log, and what we make of it. */
class WalRecoveryModeTest {
    private static final int RECORDS = 20;

    @TempDir
    Path directory;

    private StorageRuntime runtime;
    private Path shard;

    @BeforeEach
    void writeALog() {
        runtime = StoreFixture.runtime(directory);
        shard = directory.resolve("shard");
        try (RocksShardStore store = RocksShardStore.open(shard, StoreOptions.DEFAULT, runtime)) {
            for (int i = 0; i < RECORDS; i++) {
                store.append(StoreFixture.record(i, 4, 64));
            }
        }
    }

    @AfterEach
    void closeRuntime() {
        runtime.close();
    }

    /** Records found: those before the damage are sure, -1 stands for a refusal. */
    @ParameterizedTest
    @CsvSource({
        "TolerateCorruptedTailRecords, MIDDLE, -1",
        "TolerateCorruptedTailRecords, LAST, -1",
        "TolerateCorruptedTailRecords, CUT, 19",
        "AbsoluteConsistency, MIDDLE, -1",
        "AbsoluteConsistency, LAST, -1",
        "AbsoluteConsistency, CUT, -1",
        "PointInTimeRecovery, MIDDLE, 10",
        "PointInTimeRecovery, LAST, 19",
        "PointInTimeRecovery, CUT, 19",
        "SkipAnyCorruptedRecords, MIDDLE, 10",
        "SkipAnyCorruptedRecords, LAST, 19",
        "SkipAnyCorruptedRecords, CUT, 19",
    })
    void shouldDoWhatTheTableSays(WALRecoveryMode mode, Damage damage, int expected) throws Exception {
        damage.inflict(wal(shard));
        if (expected < 0) {
            assertThatThrownBy(() -> count(mode)).isInstanceOf(RocksDBException.class);
        } else {
            assertThat(count(mode)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @CsvSource({"MIDDLE,9", "LAST,18", "CUT,18"})
    void shouldReportAcknowledgedRecordsThatAreGone(Damage damage, long last) throws Exception {
        damage.inflict(wal(shard));
        assertThatThrownBy(this::open)
                .isInstanceOf(StorageCorruptedException.class)
                .hasMessageContaining(shard.toString())
                .hasMessageContaining("expected records up to 19")
                .hasMessageContaining("last one at " + last);
    }

    @Test
    void shouldCutATornTailThatWasNeverAcknowledgedAndGoOn() throws Exception {
        forgetTheLast(2);
        Damage.CUT.inflict(wal(shard));
        for (int round = 0; round < 3; round++) {
            try (RocksShardStore store = open()) {
                assertThat(store.lastSequence()).isEqualTo(18 + round);
                store.append(StoreFixture.record(19 + round, 4, 64));
                assertThat(StoreFixture.replayed(store, -1)).hasSize(20 + round);
            }
        }
    }

    @Test
    void shouldCutATailWhoseFirstPageNeverReachedTheDisk() throws Exception {
        forgetTheLast(2);
        Damage.LAST.inflict(wal(shard));
        for (int round = 0; round < 3; round++) {
            try (RocksShardStore store = open()) {
                assertThat(store.lastSequence()).isEqualTo(18 + round);
                store.append(StoreFixture.record(19 + round, 4, 64));
                assertThat(StoreFixture.replayed(store, -1)).hasSize(20 + round);
            }
        }
    }

    /** As if the process had died before the last {@code n} appends were acknowledged. */
    private void forgetTheLast(int n) throws IOException {
        try (Watermark watermark = Watermark.open(shard)) {
            watermark.write(RECORDS - 1 - n);
            watermark.write(RECORDS - 1 - n);
        }
    }

    private RocksShardStore open() {
        return RocksShardStore.open(shard, StoreOptions.DEFAULT, runtime);
    }

    private int count(WALRecoveryMode mode) throws RocksDBException {
        try (RocksFiles files = RocksFiles.open(shard, runtime, mode, false);
                RocksIterator records = files.db.newIterator(files.log)) {
            int count = 0;
            for (records.seekToFirst(); records.isValid(); records.next()) {
                count++;
            }
            records.status();
            return count;
        }
    }

    /** The write-ahead log with the records: the largest one. */
    static Path wal(Path shard) throws IOException {
        try (Stream<Path> files = Files.list(shard)) {
            return files.filter(f -> f.toString().endsWith(".log"))
                    .max(java.util.Comparator.comparingLong(WalRecoveryModeTest::sizeOf))
                    .orElseThrow();
        }
    }

    private static long sizeOf(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    enum Damage {
        /** One bit of record 10. */
        MIDDLE {
            @Override
            void inflict(Path wal) throws IOException {
                flip(wal, "gone-10");
            }
        },
        /** One bit of record 19. */
        LAST {
            @Override
            void inflict(Path wal) throws IOException {
                flip(wal, "gone-19");
            }
        },
        /** The last 100 bytes are gone. */
        CUT {
            @Override
            void inflict(Path wal) throws IOException {
                byte[] bytes = Files.readAllBytes(wal);
                Files.write(wal, java.util.Arrays.copyOf(bytes, bytes.length - 100));
            }
        };

        abstract void inflict(Path wal) throws IOException;

        static void flip(Path wal, String inRecordWith) throws IOException {
            byte[] bytes = Files.readAllBytes(wal);
            String text = new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1);
            int at = text.indexOf(inRecordWith);
            assertThat(at).isPositive();
            ByteBuffer.wrap(bytes).put(at, (byte) (bytes[at] ^ 1));
            Files.write(wal, bytes);
        }
    }
}
