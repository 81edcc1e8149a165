package dev.shaula.durability;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One random byte of one random file of a data directory becomes another one: noticed and named, or without effect;
 * never another answer, never a refused start of what was not touched, never a huge allocation, never a dead process.
 * The long form: {@code ./mvnw test -Dtest=BitFlipTest -Dflip.count=1000}, {@code -Dflip.seed=...} for a run again.
 */
class BitFlipTest {
    private static final int FLIPS = Integer.getInteger("flip.count", 30);
    private static final long SEED = Long.getLong("flip.seed", 42);
    /** Above the peak that the same directory needs undamaged. */
    private static final long MEMORY_MARGIN_MB = 250;

    @TempDir
    Path directory;

    /** A verdict of {@link DamageOracle} and the peak of its memory. */
    private record Verdict(long peakMb, String text) {}

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void shouldNoticeOrSurviveEveryChangedByte() throws Exception {
        System.out.println("BitFlipTest seed = " + SEED);
        Random random = new Random(SEED);
        Path sound = directory.resolve("sound");
        writeAndKill(sound);
        Map<String, int[]> tally = new TreeMap<>();
        try (Judge judge = new Judge(directory.resolve("judge.err"))) {
            Verdict undamaged = judge.judge(clone(sound, "undamaged", null), "nothing");
            assertThat(undamaged.text()).isEqualTo("harmless");
            for (int i = 0; i < FLIPS; i++) {
                Path file = anyFile(sound, random);
                Path damaged = clone(sound, "damaged-" + i, file);
                String what = i + ": " + change(damaged.resolve(file), random) + " of " + file;
                Verdict verdict = judge.judge(damaged, place(file));
                System.out.println("BitFlipTest " + what + ": " + verdict.text());
                assertThat(verdict.text()).as(what).doesNotStartWith("WRONG");
                assertThat(verdict.peakMb()).as(what).isLessThan(undamaged.peakMb() + MEMORY_MARGIN_MB);
                int[] counts = tally.computeIfAbsent(kind(file), k -> new int[2]);
                counts[verdict.text().equals("harmless") ? 1 : 0]++;
                delete(damaged);
            }
        }
        tally.forEach((kind, counts) ->
                System.out.println("BitFlipTest " + kind + ": " + counts[0] + " detected, " + counts[1] + " harmless"));
    }

    private static void writeAndKill(Path sound) {
        try (NodeProcess node = NodeProcess.start(NodeProcess.Settings.of(sound));
                NodeClient client = node.connect()) {
            DamageOracle.write(client);
        }
    }

    /** Every file is as likely as any other, or the large ones would be all that is ever hit. */
    private static Path anyFile(Path sound, Random random) throws IOException {
        try (Stream<Path> all = Files.walk(sound)) {
            List<Path> files = all.filter(f -> f.toFile().isFile() && f.toFile().length() > 0 && !isReserve(f))
                    .sorted()
                    .toList();
            return sound.relativize(files.get(random.nextInt(files.size())));
        }
    }

    /** Its bytes mean nothing, and there are many of them. */
    private static boolean isReserve(Path file) {
        return file.getFileName().toString().equals("reserve");
    }

    private static String change(Path file, Random random) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int at = random.nextInt(bytes.length);
        byte before = bytes[at];
        bytes[at] = (byte) (before + 1 + random.nextInt(255));
        Files.write(file, bytes);
        return "byte " + at + " of " + bytes.length + " from " + before + " to " + bytes[at];
    }

    /** What a damaged file belongs to: {@code left/1} or {@code left}. */
    private static String place(Path file) {
        if (file.getNameCount() < 3) {
            return "nothing";
        }
        String folder = file.getName(1).toString();
        String collection = folder.substring(0, folder.lastIndexOf('-'));
        String shard = file.getName(2).toString();
        return shard.startsWith("shard-")
                ? collection + "/" + Integer.parseInt(shard.substring("shard-".length()))
                : collection;
    }

    private static String kind(Path file) {
        return file.getFileName().toString().replaceAll("[-_]?\\d+", "");
    }

    // --- copies ------------------------------------------------------------------------------------------------

    /** A copy whose files are links where nobody writes into them. */
    private Path clone(Path sound, String name, @Nullable Path toBeDamaged) throws IOException {
        Path copy = directory.resolve(name);
        try (Stream<Path> all = Files.walk(sound)) {
            for (Path from : all.sorted().toList()) {
                Path relative = sound.relativize(from);
                Path to = copy.resolve(relative);
                if (Files.isDirectory(from)) {
                    Files.createDirectory(to);
                } else if (isReserve(from)) {
                    sparse(to, Files.size(from));
                } else if (!relative.equals(toBeDamaged) && isNeverWrittenTo(from)) {
                    Files.createLink(to, from);
                } else {
                    Files.copy(from, to);
                }
            }
        }
        return copy;
    }

    private static boolean isNeverWrittenTo(Path file) {
        String name = file.getFileName().toString();
        return name.endsWith(".sst") || name.endsWith(".blob") || name.startsWith("checkpoint-");
    }

    private static void sparse(Path file, long bytes) throws IOException {
        try (var empty = new RandomAccessFile(file.toFile(), "rw")) {
            empty.setLength(bytes);
        }
    }

    private static void delete(Path home) throws IOException {
        try (Stream<Path> all = Files.walk(home)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    // --- the judging process -----------------------------------------------------------------------------------

    /** A process of its own with little memory, so that a crash or a huge allocation is seen. */
    private static final class Judge implements AutoCloseable {
        private static final long PATIENCE_S = 60;

        private final Path errors;
        private final Process process;
        private final BufferedReader verdicts;
        private final Writer orders;

        Judge(Path errors) throws IOException {
            this.errors = errors;
            process = new ProcessBuilder(NodeProcess.java("-Xmx192m", "-XX:+UseSerialGC", DamageOracle.class.getName()))
                    .redirectError(errors.toFile())
                    .start();
            verdicts = process.inputReader();
            orders = process.outputWriter();
        }

        Verdict judge(Path dataDir, String place) throws IOException {
            Thread watchdog = Thread.ofPlatform().daemon().start(this::endIfStuck);
            orders.write(dataDir + "\t" + place + "\n");
            orders.flush();
            for (String word = verdicts.readLine(); word != null; word = verdicts.readLine()) {
                List<String> parts = List.of(word.split("\t", 3));
                if (parts.getFirst().equals("verdict")) {
                    watchdog.interrupt();
                    return new Verdict(Long.parseLong(parts.get(1)), parts.get(2));
                }
            }
            throw new AssertionError("the process died or hung over " + dataDir + ": " + Files.readString(errors));
        }

        private void endIfStuck() {
            try {
                Thread.sleep(TimeUnit.SECONDS.toMillis(PATIENCE_S));
                process.destroyForcibly();
            } catch (InterruptedException e) {
                // The verdict came in time.
                return;
            }
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }
}
