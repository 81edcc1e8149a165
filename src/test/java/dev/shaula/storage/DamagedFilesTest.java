package dev.shaula.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Metadata;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One random bit in one random file: noticed, or without effect; never another answer, a crash or a huge allocation. */
class DamagedFilesTest {
    private static final int FLIPS = 250;
    private static final int RECORDS = 120;

    @TempDir
    Path directory;

    @Test
    @Timeout(240)
    void shouldNoticeOrSurviveEveryFlippedBit() throws Exception {
        long seed = System.nanoTime();
        System.out.println("DamagedFilesTest seed = " + seed);
        Random random = new Random(seed);
        // So small a bound on unflushed bytes makes tables and blob files as well as a write-ahead log.
        try (StorageRuntime runtime =
                StorageRuntime.open(directory, new StorageRuntime.Settings(16L << 20, 1L << 20, 1, 0))) {
            Path sound = directory.resolve("sound");
            Map<Integer, Metadata> payloads = write(sound, runtime);
            int noticed = 0;
            for (int i = 0; i < FLIPS; i++) {
                Path damaged = directory.resolve("damaged-" + i);
                copy(sound, damaged);
                String what = flip(damaged, random);
                noticed += notices(damaged, runtime, payloads, what) ? 1 : 0;
                delete(damaged);
            }
            System.out.println("DamagedFilesTest noticed " + noticed + " of " + FLIPS);
            assertThat(noticed).isPositive();
        }
    }

    private static Map<Integer, Metadata> write(Path shard, StorageRuntime runtime) throws IOException {
        try (RocksShardStore store = RocksShardStore.open(shard, StoreOptions.DEFAULT, runtime)) {
            for (int i = 0; i < RECORDS; i++) {
                store.append(StoreFixture.record(i, 8, 200));
            }
            return StoreFixture.payloads(store);
        }
    }

    private static String flip(Path shard, Random random) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(shard)) {
            files = all.filter(f -> f.toFile().length() > 0).sorted().toList();
        }
        Path file = files.get(random.nextInt(files.size()));
        byte[] bytes = Files.readAllBytes(file);
        int at = random.nextInt(bytes.length);
        int bit = random.nextInt(8);
        bytes[at] ^= (byte) (1 << bit);
        Files.write(file, bytes);
        return file.getFileName() + " byte " + at + " of " + bytes.length + " bit " + bit;
    }

    private static boolean notices(Path shard, StorageRuntime runtime, Map<Integer, Metadata> payloads, String what) {
        try (RocksShardStore store = RocksShardStore.open(shard, StoreOptions.DEFAULT, runtime)) {
            List<LogRecord> records = StoreFixture.replayed(store, -1);
            assertThat(records).as(what).hasSize(RECORDS);
            for (LogRecord record : records) {
                assertThat(StoreFixture.same(record, StoreFixture.record(record.sequence(), 8, 200)))
                        .as(what)
                        .isTrue();
            }
            assertThat(StoreFixture.payloads(store)).as(what).isEqualTo(payloads);
            return false;
        } catch (StorageCorruptedException e) {
            return true;
        } catch (VectorDbException e) {
            throw new AssertionError(what + " was taken for a failure of the disk", e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectory(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    private static void delete(Path shard) throws IOException {
        try (Stream<Path> files = Files.list(shard)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(shard);
    }
}
