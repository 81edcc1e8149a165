package dev.shaula.durability;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A node in a process of its own, which can be killed without a word. */
final class NodeProcess implements AutoCloseable {
    private static final long PATIENCE_S = 60;

    private final Process process;
    private final BufferedReader words;
    private final Path errors;
    private volatile int port;

    /**
     * How the process is started.
     *
     * @param dataDir its data directory
     * @param checkpoints interval of checkpoints
     * @param sync interval of syncs, zero for before every answer
     * @param wrapper a command to run it under, such as strace with its options; empty for none
     */
    record Settings(Path dataDir, Duration checkpoints, Duration sync, List<String> wrapper) {
        Settings {
            wrapper = List.copyOf(wrapper);
        }

        static Settings of(Path dataDir) {
            return new Settings(dataDir, Duration.ofSeconds(60), Duration.ZERO, List.of());
        }

        Settings withCheckpointsEvery(Duration interval) {
            return new Settings(dataDir, interval, sync, wrapper);
        }

        Settings withSyncEvery(Duration interval) {
            return new Settings(dataDir, checkpoints, interval, wrapper);
        }

        Settings under(List<String> command) {
            return new Settings(dataDir, checkpoints, sync, command);
        }
    }

    private NodeProcess(Process process, Path errors) {
        this.process = process;
        this.words = process.inputReader();
        this.errors = errors;
        // Reading a pipe hears no interrupt: a node that hangs while it starts is ended here.
        CompletableFuture.delayedExecutor(PATIENCE_S, TimeUnit.SECONDS).execute(() -> {
            if (port == 0) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        });
    }

    /** Begins to start a node; {@link #awaitReady} waits for it. */
    static NodeProcess launch(Settings settings) {
        Path errors = settings.dataDir().resolveSibling(settings.dataDir().getFileName() + ".err");
        List<String> command = new ArrayList<>(settings.wrapper());
        command.addAll(java("-Xmx256m", "-XX:+UseSerialGC", NodeMain.class.getName()));
        command.add(settings.dataDir().toString());
        command.add(settings.checkpoints().toString());
        command.add(settings.sync().toString());
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.to(errors.toFile()))
                    .start();
            return new NodeProcess(process, errors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static NodeProcess start(Settings settings) {
        NodeProcess node = launch(settings);
        try {
            return node.awaitReady();
        } catch (RuntimeException | Error e) {
            node.kill();
            throw e;
        }
    }

    /** A command that starts this JVM's own kind of Java on this class path. */
    static List<String> java(String... more) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-ea",
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(List.of(more));
        return command;
    }

    NodeProcess awaitReady() {
        if (!tryAwaitReady()) {
            throw new IllegalStateException("the node did not start: " + errors());
        }
        return this;
    }

    /** False if it died instead. */
    boolean tryAwaitReady() {
        try {
            @Nullable String word = words.readLine();
            while (word != null && !word.startsWith("port ")) {
                word = words.readLine();
            }
            if (word == null) {
                return false;
            }
            port = Integer.parseInt(word.substring("port ".length()));
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    NodeClient connect() {
        return NodeWire.connect(port);
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** What it wrote to its standard error. */
    String errors() {
        try {
            return Files.readString(errors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** SIGKILL, and the end of it. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        awaitEnd();
    }

    /** Stops in good order and returns the exit code. */
    int stop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            // It is dead already, and its exit code says so.
        }
        return awaitEnd();
    }

    private int awaitEnd() {
        try {
            if (!process.waitFor(PATIENCE_S, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                throw new IllegalStateException("the node did not end within " + PATIENCE_S + " s: " + errors());
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Kills it if it still runs. */
    @Override
    public void close() {
        kill();
    }
}
