package dev.shaula.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process is killed in the middle of its appends; what it acknowledged on its output must be there. */
class KilledProcessTest {
    private static final int ROWS = 8;
    private static final int DIMENSIONS = 300;
    private static final int KILLS = 5;

    @TempDir
    Path directory;

    @Test
    void shouldHoldEveryAcknowledgedRecordAfterAKill() throws Exception {
        long seed = System.nanoTime();
        System.out.println("KilledProcessTest seed = " + seed);
        Random random = new Random(seed);
        Path shard = directory.resolve("shard");
        long acknowledged = ShardLog.BEFORE_FIRST;
        for (int kill = 0; kill < KILLS; kill++) {
            acknowledged = appendAndKill(shard, acknowledged + 20 + random.nextInt(150));
            try (StorageRuntime runtime = StoreFixture.runtime(directory);
                    RocksShardStore store = RocksShardStore.open(shard, StoreOptions.DEFAULT, runtime)) {
                // One record may have become durable without the acknowledgement getting out.
                assertThat(store.lastSequence()).isBetween(acknowledged, acknowledged + 1);
                assertWhole(store);
                acknowledged = store.lastSequence();
            }
        }
    }

    private static void assertWhole(RocksShardStore store) {
        long trimmed = store.trimmedSequence();
        List<LogRecord> records = StoreFixture.replayed(store, trimmed);
        assertThat(records).hasSize((int) (store.lastSequence() - trimmed));
        for (LogRecord record : records) {
            assertThat(StoreFixture.same(record, StoreFixture.record(record.sequence(), ROWS, DIMENSIONS)))
                    .isTrue();
        }
        int rows = (int) (store.lastSequence() + 1) * ROWS;
        int[] ordinals = new Random(1).ints(500, 0, rows).toArray();
        var found = store.getAll(ordinals, ordinals.length);
        for (int i = 0; i < ordinals.length; i++) {
            assertThat(found[i]).isEqualTo(StoreFixture.metadata(ordinals[i]));
        }
    }

    /** Lets a child append until it has acknowledged {@code until}, then kills it; returns its last word. */
    private long appendAndKill(Path shard, long until) throws IOException, InterruptedException {
        Path errors = directory.resolve("errors");
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx128m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Appender.class.getName(),
                        directory.toString(),
                        shard.toString())
                .redirectError(errors.toFile())
                .start();
        try (BufferedReader words = child.inputReader()) {
            long last = ShardLog.BEFORE_FIRST;
            for (String word = words.readLine(); word != null; word = words.readLine()) {
                last = Long.parseLong(word);
                if (last >= until) {
                    child.toHandle().destroyForcibly(); // SIGKILL, and what it said before stays in the pipe
                }
            }
            assertThat(last).as(Files.readString(errors)).isGreaterThanOrEqualTo(until);
            assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
            return last;
        } finally {
            child.destroyForcibly();
        }
    }

    /** The child: appends for ever, trims now and then, says each sequence number once it is acknowledged. */
    static final class Appender {
        private Appender() {}

        @SuppressWarnings("SystemOut")
        public static void main(String[] args) {
            StorageRuntime runtime = StoreFixture.runtime(Path.of(args[0]));
            RocksShardStore store = RocksShardStore.open(Path.of(args[1]), StoreOptions.DEFAULT, runtime);
            for (long sequence = store.lastSequence() + 1; ; sequence++) {
                store.append(StoreFixture.record(sequence, ROWS, DIMENSIONS));
                System.out.println(sequence);
                if (sequence % 50 == 49) {
                    store.trim(sequence - 30);
                }
            }
        }
    }
}
