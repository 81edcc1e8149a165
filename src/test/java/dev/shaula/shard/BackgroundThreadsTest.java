package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The operating system is asked, since it decides whose turn it is. */
@NullMarked
@EnabledOnOs(OS.LINUX)
class BackgroundThreadsTest {
    private static final int NICEST = 19;
    /** Of the fields that {@code /proc/PID/stat} has behind the name, which may hold spaces. */
    private static final int NICE_FIELD = 16;

    @Test
    void shouldMakeOnlyTheNewThreadNicer() throws Exception {
        int before = nice();
        int[] inside = new int[1];
        Thread thread = BackgroundThreads.factory("background-").newThread(() -> inside[0] = nice());
        thread.start();
        thread.join();
        assertThat(inside[0]).isEqualTo(nicer(before));
        assertThat(nice()).as("of the thread that made it").isEqualTo(before);
        assertThat(thread.isDaemon()).isTrue();
        assertThat(thread.getName()).isEqualTo("background-0");
    }

    @Test
    void shouldMendCompactAndCheckpointBehindSearchesAndLinkBesideThem(@TempDir Path data) throws Exception {
        int before = nice();
        Vertx vertx = Vertx.vertx();
        try (ShardRuntime runtime = ShardRuntime.open(vertx, ShardRuntime.Settings.of(data))) {
            List<ExecutorService> background = List.of(
                    runtime.mendExecutor(),
                    runtime.compactionExecutor(),
                    runtime.checkpointExecutor(),
                    runtime.indexExecutor());
            assertThat(background.stream().map(BackgroundThreadsTest::niceOf)).containsOnly(nicer(before));
            assertThat(niceOf(runtime.linkExecutor())).isEqualTo(before);
            if (turnNs() > 0) { // a kernel that knows of turns
                assertThat(background.stream().map(BackgroundThreadsTest::turnOf))
                        .containsOnly(BackgroundThreads.TURN_NS);
                assertThat(turnOf(runtime.linkExecutor())).isEqualTo(BackgroundThreads.TURN_NS);
            }
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    private static int nicer(int nice) {
        return Math.min(NICEST, nice + BackgroundThreads.NICE);
    }

    @Test
    void shouldKeepTheShareOfAThreadThatTakesLongTurns() throws Exception {
        int[] nices = new int[2];
        long[] turns = new long[2];
        Thread thread = new Thread(() -> {
            nices[0] = nice();
            turns[0] = turnNs();
            BackgroundThreads.takeLongTurns();
            nices[1] = nice();
            turns[1] = turnNs();
        });
        thread.start();
        thread.join();
        assertThat(nices[1]).isEqualTo(nices[0]);
        assertThat(turns[1]).isEqualTo(turns[0] == 0 ? 0 : BackgroundThreads.TURN_NS);
    }

    private static int niceOf(ExecutorService executor) {
        return in(executor, BackgroundThreadsTest::nice);
    }

    private static long turnOf(ExecutorService executor) {
        return in(executor, BackgroundThreadsTest::turnNs);
    }

    private static <T> T in(ExecutorService executor, Callable<T> question) {
        try {
            return executor.submit(question).get();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** The length of a turn of the calling thread, or 0 where the kernel does not tell. */
    private static long turnNs() {
        Path sched = Path.of("/proc/thread-self/sched");
        try {
            return !Files.exists(sched)
                    ? 0
                    : Files.readAllLines(sched).stream()
                            .filter(line -> line.startsWith("se.slice"))
                            .mapToLong(line -> Long.parseLong(
                                    line.substring(line.indexOf(':') + 1).strip()))
                            .findFirst()
                            .orElse(0);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static int nice() {
        try {
            String stat = Files.readString(Path.of("/proc/thread-self/stat"));
            return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[NICE_FIELD]);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
