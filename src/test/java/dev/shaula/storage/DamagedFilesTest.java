package dev.shaula.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One random bit in one random file: noticed, or without effect; never another answer, a crash or a huge allocation. */
class DamagedFilesTest {
    private static final int FLIPS = Integer.getInteger("flip.count", 60);
    private static final int RECORDS = 120;

    @TempDir
    Path directory;

    @Test
    @Timeout(240)
    void shouldNoticeOrSurviveEveryFlippedBit() throws Exception {
        // The gate asks the same question each time; -Dflip.seed and -Dflip.count ask others.
        long seed = Long.getLong("flip.seed", 42);
        System.out.println("DamagedFilesTest seed = " + seed);
        Random random = new Random(seed);
        // So small a bound on unflushed bytes makes tables and blob files as well as a write-ahead log.
        try (StorageRuntime runtime =
                StorageRuntime.open(directory, new StorageRuntime.Settings(16L << 20, 1L << 20, 1, 0))) {
            Path sound = directory.resolve("sound");
            Map<Integer, Metadata> payloads = write(sound, runtime, RECORDS);
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

    /** RocksDB 11.1 never returned from opening each of these; seen first as one of 2,500 flipped bits. */
    @ParameterizedTest
    @ValueSource(strings = {".log", "MANIFEST"})
    void shouldNoticeARecordOfARecycledLogBeforeRocksDbHangsOnIt(String kind) throws Exception {
        try (StorageRuntime runtime =
                StorageRuntime.open(directory, new StorageRuntime.Settings(16L << 20, 1L << 20, 1, 0))) {
            Path sound = directory.resolve("sound");
            write(sound, runtime, RECORDS);
            for (int type : new int[] {5, 6, 7, 8, 11, 131}) {
                Path damaged = directory.resolve("damaged-" + type);
                copy(sound, damaged);
                Path file = lastOf(damaged, kind);
                List<Integer> records = recordsOf(Files.readAllBytes(file));
                setByte(file, records.get(records.size() / 2) + 6, type);
                assertThatThrownBy(() -> RocksShardStore.open(damaged, StoreOptions.DEFAULT, runtime))
                        .isInstanceOf(StorageCorruptedException.class)
                        .hasMessageContaining(file.getFileName().toString())
                        .hasMessageContaining("found type " + type);
            }
        }
    }

    private static Path lastOf(Path shard, String kind) throws IOException {
        try (Stream<Path> files = Files.list(shard)) {
            return files.filter(f -> f.toFile().length() > 0)
                    .filter(f -> f.getFileName().toString().contains(kind))
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
        }
    }

    /** Where the records of a log of RocksDB begin. */
    private static List<Integer> recordsOf(byte[] log) {
        List<Integer> found = new ArrayList<>();
        int at = 0;
        while (at + 7 <= log.length) {
            int left = (32 << 10) - at % (32 << 10);
            if (left >= 7) {
                found.add(at);
                at += 7 + Byte.toUnsignedInt(log[at + 4]) + (Byte.toUnsignedInt(log[at + 5]) << 8);
            } else {
                at += left;
            }
        }
        return found;
    }

    private static void setByte(Path file, int at, int value) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] = (byte) value;
        Files.write(file, bytes);
    }

    @Test
    void shouldNotTakeADamagedRowForAnEmptyOne(@TempDir Path dir) throws Exception {
        Path sound = dir.resolve("sound");
        try (StorageRuntime runtime =
                StorageRuntime.open(dir, new StorageRuntime.Settings(16L << 20, 1L << 20, 1, 0))) {
            Map<Integer, Metadata> payloads = writeMetadata(sound, runtime);
            try (Stream<Path> files = Files.list(sound)) {
                assertThat(files.map(Path::toString)).anyMatch(f -> f.endsWith(".sst"));
            }
            int noticed = 0;
            for (int part = 1; part < 16; part++) {
                Path damaged = dir.resolve("damaged-" + part);
                copy(sound, damaged);
                changeEveryTable(damaged, part / 16.0);
                noticed += noticesInReading(damaged, runtime, payloads) ? 1 : 0;
                delete(damaged);
            }
            assertThat(noticed).isPositive();
        }
    }

    private static void changeEveryTable(Path shard, double where) throws IOException {
        try (Stream<Path> all = Files.list(shard)) {
            for (Path table : all.filter(f -> f.toString().endsWith(".sst")).toList()) {
                byte[] bytes = Files.readAllBytes(table);
                bytes[(int) (where * bytes.length)] ^= 1;
                Files.write(table, bytes);
            }
        }
    }

    private static boolean noticesInReading(Path shard, StorageRuntime runtime, Map<Integer, Metadata> payloads) {
        boolean noticed = false;
        try (RocksShardStore store = RocksShardStore.open(shard, StoreOptions.DEFAULT, runtime)) {
            List<Integer> ordinals = List.copyOf(payloads.keySet());
            for (int from = 0; from < ordinals.size(); from += 10) {
                int[] some = ordinals.subList(from, Math.min(from + 10, ordinals.size())).stream()
                        .mapToInt(Integer::intValue)
                        .toArray();
                try {
                    Metadata[] read = store.getAll(some, some.length);
                    for (int i = 0; i < some.length; i++) {
                        assertThat(read[i]).as("row " + some[i]).isEqualTo(payloads.get(some[i]));
                    }
                } catch (StorageCorruptedException e) {
                    noticed = true;
                }
            }
            return noticed;
        } catch (StorageCorruptedException e) {
            return true;
        }
    }

    /** Far more metadata than may be unflushed, so that it lies in tables. */
    private static Map<Integer, Metadata> writeMetadata(Path shard, StorageRuntime runtime) {
        Random random = new Random(5);
        Map<Integer, Metadata> payloads = new TreeMap<>();
        try (RocksShardStore store = RocksShardStore.open(shard, StoreOptions.DEFAULT, runtime)) {
            for (int i = 0; i < 400; i++) {
                byte[] noise = new byte[8_000];
                random.nextBytes(noise);
                Metadata metadata = Metadata.ofJson("{\"n\":\"" + HexFormat.of().formatHex(noise) + "\"}");
                store.append(new LogRecord(
                        i, List.of(new Write.Upsert(i, Write.NONE, new Point("p" + i, new float[] {i}, metadata)))));
                payloads.put(i, metadata);
            }
        }
        return payloads;
    }

    private static Map<Integer, Metadata> write(Path shard, StorageRuntime runtime, int records) throws IOException {
        try (RocksShardStore store = RocksShardStore.open(shard, StoreOptions.DEFAULT, runtime)) {
            for (int i = 0; i < records; i++) {
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
