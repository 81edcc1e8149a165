package dev.shaula.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A server process of this run, with a data directory that lives as long as it does; for one thread. */
final class OwnServer {
    private static final Duration START_PATIENCE = Duration.ofSeconds(60);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(60);
    /** How the JVM reports an orderly end by SIGTERM: 128 + 15. */
    private static final int TERMINATED = 143;

    private final Process process;
    private final URI address;
    private final Path directory;

    private OwnServer(Process process, URI address, Path directory) {
        this.process = process;
        this.address = address;
        this.directory = directory;
    }

    /**
     * How to start it.
     *
     * @param launcher called as {@code LAUNCHER serve --port N --data-dir DIR}
     * @param jvmOptions for its JVM, parted by spaces
     * @param settings configuration, as {@code -D KEY=VALUE}
     * @param log file for its output
     */
    record Launch(Path launcher, String jvmOptions, Map<String, String> settings, Path log) {
        /** As it comes, with the output in {@code target/server.log}. */
        static Launch plain(Path launcher) {
            return new Launch(launcher, "", Map.of(), Path.of("target", "server.log"));
        }
    }

    /** An address on this machine where nothing listened a moment ago. */
    static URI freeAddress() throws IOException {
        try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return URI.create(String.format(Locale.ROOT, "http://127.0.0.1:%d", probe.getLocalPort()));
        }
    }

    /** Starts a server at {@code address} and returns when it is healthy. */
    static OwnServer start(Launch launch, URI address) throws IOException, InterruptedException {
        if (!Files.isExecutable(launch.launcher())) {
            throw new IOException("launcher: expected an executable file, got " + launch.launcher());
        }
        Path directory = Files.createTempDirectory("shaula-load-");
        Files.createDirectories(launch.log().toAbsolutePath().getParent());
        ProcessBuilder builder = new ProcessBuilder(command(launch, address, directory))
                .redirectErrorStream(true)
                .redirectOutput(launch.log().toFile());
        builder.environment().merge("SHAULA_JAVA_OPTS", launch.jvmOptions(), (given, ours) -> given + " " + ours);
        OwnServer server = new OwnServer(builder.start(), address, directory);
        try {
            Health.await(address, START_PATIENCE);
            return server;
        } catch (IOException | InterruptedException | RuntimeException e) {
            server.kill();
            throw new IOException(
                    "cannot start " + launch.launcher() + ", see "
                            + launch.log().toAbsolutePath(),
                    e);
        }
    }

    private static List<String> command(Launch launch, URI address, Path directory) {
        List<String> command = new ArrayList<>();
        command.add(launch.launcher().toAbsolutePath().normalize().toString());
        command.addAll(
                List.of("serve", "--port", Integer.toString(address.getPort()), "--data-dir", directory.toString()));
        launch.settings().forEach((key, value) -> command.add("-D" + key + "=" + value));
        return command;
    }

    URI address() {
        return address;
    }

    long pid() {
        return process.pid();
    }

    /** Processor time that it has used. */
    Duration processorTime() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Largest resident memory so far in bytes, as Linux counts it; 0 elsewhere. */
    long peakResidentBytes() throws IOException {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElse(0);
    }

    /** Asks the server to end (SIGTERM), waits, and removes its data. @throws IOException if it does not end in order */
    void stop() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(STOP_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            kill();
            throw new IOException("the server did not end within " + STOP_PATIENCE + " of SIGTERM");
        }
        removeData();
        if (process.exitValue() != 0 && process.exitValue() != TERMINATED) {
            throw new IOException("the server ended with exit code " + process.exitValue());
        }
    }

    private void kill() throws IOException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.onExit().join();
        removeData();
    }

    private void removeData() throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
