package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.stream.Stream;
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
            Stream<ExecutorService> background = Stream.of(
                    runtime.mendExecutor(),
                    runtime.compactionExecutor(),
                    runtime.checkpointExecutor(),
                    runtime.indexExecutor());
            assertThat(background.map(BackgroundThreadsTest::niceOf)).containsOnly(nicer(before));
            assertThat(niceOf(runtime.linkExecutor())).isEqualTo(before);
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    private static int nicer(int nice) {
        return Math.min(NICEST, nice + BackgroundThreads.NICE);
    }

    private static int niceOf(ExecutorService executor) {
        try {
            return executor.submit((Callable<Integer>) BackgroundThreadsTest::nice)
                    .get();
        } catch (Exception e) {
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
