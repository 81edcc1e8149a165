package dev.shaula.durability;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** A node in a process of its own, which can be killed without a word. */
final class NodeProcess implements AutoCloseable {
    private static final long PATIENCE_S = 300;

    private final Process process;
    private final BufferedReader words;
    private final Path errors;
    /** Of the service from the start, of the engine once it is ready; else 0. */
    private volatile int port;

    private volatile boolean ready;
    private final boolean service;

    /**
     * How the process is started.
     *
     * @param dataDir its data directory
     * @param checkpoints interval of checkpoints
     * @param sync interval of syncs, zero for before every answer
     * @param wrapper a command to run it under, such as strace with its options; empty for none
     * @param service true for the service as a whole, {@code ./shaula serve}, spoken to over HTTP, which must have been
     *     built; false for the engine alone
     */
    record Settings(Path dataDir, Duration checkpoints, Duration sync, List<String> wrapper, boolean service) {
        Settings {
            wrapper = List.copyOf(wrapper);
        }

        Settings in(Path directory) {
            return new Settings(directory, checkpoints, sync, wrapper, service);
        }

        Settings asService(boolean whole) {
            return new Settings(dataDir, checkpoints, sync, wrapper, whole);
        }

        static Settings of(Path dataDir) {
            return new Settings(dataDir, Duration.ofSeconds(60), Duration.ZERO, List.of(), false);
        }

        Settings withCheckpointsEvery(Duration interval) {
            return new Settings(dataDir, interval, sync, wrapper, service);
        }

        Settings withSyncEvery(Duration interval) {
            return new Settings(dataDir, checkpoints, interval, wrapper, service);
        }

        Settings under(List<String> command) {
            return new Settings(dataDir, checkpoints, sync, command, service);
        }
    }

    private NodeProcess(Process process, Path errors, int port) {
        this.process = process;
        this.words = process.inputReader();
        this.errors = errors;
        this.port = port;
        this.service = port != 0;
        // Reading a pipe hears no interrupt: a node that hangs while it starts is ended here.
        CompletableFuture.delayedExecutor(PATIENCE_S, TimeUnit.SECONDS).execute(() -> {
            if (!ready) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
        });
    }

    /** Begins to start a node; {@link #awaitReady} waits for it. */
    static NodeProcess launch(Settings settings) {
        Path errors = settings.dataDir().resolveSibling(settings.dataDir().getFileName() + ".err");
        int port = settings.service() ? freePort() : 0;
        List<String> command = new ArrayList<>(settings.wrapper());
        command.addAll(settings.service() ? service(settings, port) : engine(settings));
        try {
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.to(errors.toFile()));
            if (settings.service()) {
                builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
                builder.environment().put("SHAULA_BUILD", "never");
                builder.environment().put("SHAULA_HEAP", "256m");
            }
            return new NodeProcess(builder.start(), errors, port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> engine(Settings settings) {
        List<String> command = java("-Xmx256m", "-XX:+UseSerialGC", NodeMain.class.getName());
        command.add(settings.dataDir().toString());
        command.add(settings.checkpoints().toString());
        command.add(settings.sync().toString());
        return command;
    }

    private static List<String> service(Settings settings, int port) {
        return List.of(
                "./shaula",
                "serve",
                "--port=" + port,
                "--data-dir=" + settings.dataDir().toAbsolutePath(),
                "--sync="
                        + (settings.sync().isZero() ? "always" : settings.sync().toMillis() + "ms"),
                "-Dshaula.checkpoint-interval=" + settings.checkpoints().toMillis() + "ms");
    }

    private static int freePort() {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
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
        ready = service ? serviceIsReady() : engineIsReady();
        return ready;
    }

    private boolean serviceIsReady() {
        try (HttpNodeClient client = new HttpNodeClient(port)) {
            while (!client.isReady()) {
                if (!process.isAlive()) {
                    return false;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            }
            return true;
        }
    }

    private boolean engineIsReady() {
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
        return service ? new HttpNodeClient(port) : NodeWire.connect(port);
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
        if (service) {
            process.destroy(); // SIGTERM; its exit code is then 143
            return awaitEnd();
        }
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
