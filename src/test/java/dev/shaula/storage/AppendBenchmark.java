package dev.shaula.storage;

import dev.shaula.model.Metadata;
import dev.shaula.model.Point;
import dev.shaula.storage.Write.Upsert;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Synced appends a second, by batch size; a program, not a test. Arguments: directory, seconds for each size. */
final class AppendBenchmark {
    private static final int DIMENSIONS = 1_536;

    private AppendBenchmark() {}

    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws IOException {
        Path directory = Files.createDirectories(Path.of(args[0]));
        int seconds = Integer.parseInt(args[1]);
        try (StorageRuntime runtime = StorageRuntime.open(directory, StorageRuntime.Settings.DEFAULT)) {
            for (SyncMode mode : SyncMode.values()) {
                for (int rows : List.of(1, 64, 500)) {
                    System.out.println(mode + " " + measure(directory, runtime, mode, rows, seconds));
                }
            }
            stores(directory, runtime);
        }
    }

    private static String measure(Path directory, StorageRuntime runtime, SyncMode mode, int rows, int seconds) {
        Path shard = directory.resolve(mode + "-" + rows);
        try (RocksShardStore store =
                RocksShardStore.open(shard, new StoreOptions(mode, Duration.ofMillis(200)), runtime)) {
            long end = System.nanoTime() + seconds * 1_000_000_000L;
            List<Long> nanos = new ArrayList<>();
            long begin = System.nanoTime();
            for (long sequence = 0; System.nanoTime() < end; sequence++) {
                LogRecord record = record(sequence, rows);
                long start = System.nanoTime();
                store.append(record);
                nanos.add(System.nanoTime() - start);
                if (sequence % 200 == 199) {
                    store.trim(sequence);
                }
            }
            double elapsed = (System.nanoTime() - begin) / 1e9;
            nanos.sort(null);
            return "%d rows: %.0f appends/s, %.0f vectors/s, median %.2f ms, p99 %.2f ms, on disk %d MB"
                    .formatted(
                            rows,
                            nanos.size() / elapsed,
                            rows * nanos.size() / elapsed,
                            nanos.get(nanos.size() / 2) / 1e6,
                            nanos.get(nanos.size() * 99 / 100) / 1e6,
                            RocksShardStoreTest.size(shard) >> 20);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static LogRecord record(long sequence, int rows) {
        Random random = new Random(sequence);
        List<Write> writes = new ArrayList<>(rows);
        for (int i = 0; i < rows; i++) {
            float[] vector = new float[DIMENSIONS];
            for (int d = 0; d < DIMENSIONS; d++) {
                vector[d] = random.nextInt() * 0x1p-31f;
            }
            int ordinal = (int) (sequence * rows + i);
            Metadata metadata = Metadata.ofJson("{\"category\":\"c" + ordinal % 100 + "\",\"year\":2024}");
            writes.add(new Upsert(ordinal, Write.NONE, new Point("id-" + ordinal, vector, metadata)));
        }
        return new LogRecord(sequence, writes);
    }

    /** What many small stores cost. */
    @SuppressWarnings("SystemOut")
    private static void stores(Path directory, StorageRuntime runtime) throws IOException {
        int count = 500;
        long before = residentKb();
        long start = System.nanoTime();
        List<RocksShardStore> stores = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            RocksShardStore store = RocksShardStore.open(directory.resolve("many-" + i), StoreOptions.DEFAULT, runtime);
            store.append(record(0, 3));
            stores.add(store);
        }
        System.out.printf(
                "%d stores of 3 vectors: %d KB resident each, opened and written in %.1f ms each%n",
                count, (residentKb() - before) / count, (System.nanoTime() - start) / 1e6 / count);
        stores.forEach(RocksShardStore::close);
    }

    private static long residentKb() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .sum();
    }
}
