package dev.shaula.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.shaula.collection.VectorCollection;
import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The disk fails, or the process ends, at the n-th write of a node's life; opened again, the node holds exactly what it
 * acknowledged. The long form takes every n: {@code ./mvnw test -Dtest=FailingDiskTest -Ddisk.every=true}. A C compiler
 * makes the failing disk ({@code src/test/native/failing_disk.c}); skipped without one.
 */
class FailingDiskTest {
    private static final boolean EVERY = Boolean.getBoolean("disk.every");
    private static final int SAMPLES = 4;
    private static final Path SOURCE = Path.of("src/test/native/failing_disk.c");

    @TempDir
    Path directory;

    private Path library;

    /** What the scenario said before it ended. */
    private record Story(int exit, List<String> words) {
        private Set<Integer> steps(String word) {
            Set<Integer> steps = new HashSet<>();
            for (String each : words) {
                if (each.startsWith(word + " ")) {
                    steps.add(Integer.parseInt(each.substring(word.length() + 1).split(":", 2)[0]));
                }
            }
            return steps;
        }
    }

    @BeforeEach
    void compile() throws Exception {
        library = directory.resolve("failing_disk.so");
        assumeTrue(Files.exists(SOURCE) && hasCompiler(), "skipped: no C compiler to make a failing disk");
        assertThat(run("cc", "-O1", "-Wall", "-shared", "-fPIC", "-o", library.toString(), SOURCE.toString(), "-ldl"))
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"kill", "torn", "eio", "enospc"})
    @Timeout(value = 3, unit = TimeUnit.HOURS)
    void shouldHoldWhatWasAcknowledgedWhateverWriteFails(String mode) throws Exception {
        int writes = count();
        System.out.println("FailingDiskTest " + mode + ": the scenario has " + writes + " writes and syncs");
        assertThat(writes).isGreaterThan(50);
        for (int n : positions(writes)) {
            Path data = home("data-" + mode + "-" + n);
            Story story = live(data, mode, n, Optional.empty());
            String what = mode + " at " + n + ": " + story.words();
            try {
                check(data, mode, story);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(what, e);
            }
            delete(data);
        }
    }

    private static List<Integer> positions(int writes) {
        if (EVERY) {
            return IntStream.rangeClosed(1, writes).boxed().toList();
        }
        long seed = System.nanoTime();
        System.out.println("FailingDiskTest seed = " + seed);
        return new Random(seed).ints(SAMPLES, 1, writes + 1).boxed().toList();
    }

    private int count() throws Exception {
        Path counted = directory.resolve("count");
        Story story = live(home("whole"), "eio", 0, Optional.of(counted));
        assertThat(story.words()).endsWith("end");
        assertThat(story.steps("done")).hasSize(DiskScenario.STEPS);
        return Integer.parseInt(Files.readString(counted).strip());
    }

    /** With a reserve of the right size, so that filling it is not most of the writes. */
    private Path home(String name) throws IOException {
        Path data = Files.createDirectory(directory.resolve(name));
        try (RandomAccessFile reserve =
                new RandomAccessFile(data.resolve("reserve").toFile(), "rw")) {
            reserve.setLength(96L << 20);
        }
        return data;
    }

    private Story live(Path data, String mode, int at, Optional<Path> count) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(
                        NodeProcess.java("-Xmx128m", "-XX:+UseSerialGC", DiskScenario.class.getName(), data.toString()))
                .redirectError(directory.resolve("scenario.err").toFile());
        builder.environment().put("LD_PRELOAD", library.toString());
        builder.environment().put("FAILING_DISK_DIR", data.toString());
        builder.environment().put("FAILING_DISK_AT", Integer.toString(at));
        builder.environment().put("FAILING_DISK_MODE", mode);
        count.ifPresent(file -> builder.environment().put("FAILING_DISK_COUNT", file.toString()));
        Process process = builder.start();
        process.onExit().orTimeout(120, TimeUnit.SECONDS).whenComplete((ended, late) -> {
            if (late != null) {
                process.destroyForcibly();
            }
        });
        List<String> words = new ArrayList<>(process.inputReader().lines().toList());
        return new Story(process.waitFor(), words);
    }

    private void check(Path data, String mode, Story story) throws IOException {
        boolean killed = mode.equals("kill") || mode.equals("torn");
        if (!killed) {
            assertThat(story.exit())
                    .as(Files.readString(directory.resolve("scenario.err")))
                    .isZero();
        }
        Set<Integer> done = story.steps("done");
        Set<Integer> refused = story.steps("refused");
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().damage()).isEmpty();
            Optional<VectorCollection> things =
                    node.collections().find(DiskScenario.config().name());
            if (things.isEmpty()) {
                assertThat(done).as("the collection is gone").isEmpty();
                return;
            }
            long live = 0;
            for (int step = 0; step < DiskScenario.STEPS; step++) {
                live += DiskScenario.deletes(step) ? 0 : checkStep(things.get(), step, story, done, refused);
            }
            assertThat(things.get().info().vectorCount()).isEqualTo(live);
        }
    }

    /** All of a step is there, or nothing; less what was deleted later. */
    private static int checkStep(
            VectorCollection things, int step, Story story, Set<Integer> done, Set<Integer> refused) {
        int present = DiskScenario.present(things, step);
        int deleter = step + 2;
        boolean deletes = deleter < DiskScenario.STEPS && DiskScenario.deletes(deleter);
        boolean mayBeDeleted = deletes && story.steps("sent").contains(deleter);
        if (done.contains(step)) {
            assertThat(present)
                    .as("step " + step + " was acknowledged")
                    .isIn(mayBeDeleted ? List.of(3, 5) : List.of(5));
        } else {
            assertThat(present).as("step " + step + " was not acknowledged").isIn(0, 3, 5);
        }
        if (deletes && done.contains(deleter)) {
            assertThat(present)
                    .as("step " + deleter + " deleted of step " + step)
                    .isIn(0, 3);
        }
        // What was refused may only be there if the process ended before it could be taken back.
        if (refused.contains(step) && done.stream().anyMatch(later -> later > step)) {
            assertThat(present).as("step " + step + " was refused").isZero();
        }
        if (present == 5) {
            DiskScenario.points(step).forEach(point -> {
                List<ScoredPoint> nearest = EmbeddedNode.get(
                        things.search(SearchRequest.of(point.vector(), 1).withExact(true)));
                assertThat(nearest).extracting(ScoredPoint::id).containsExactly(point.id());
            });
        }
        return present;
    }

    private static boolean hasCompiler() throws InterruptedException {
        try {
            return run("cc", "--version") == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    private static void delete(Path home) throws IOException {
        try (Stream<Path> all = Files.walk(home)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
