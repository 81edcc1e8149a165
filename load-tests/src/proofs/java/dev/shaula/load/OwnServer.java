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
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A server process of this run, with a data directory that lives as long as it does; for one thread. */
final class OwnServer {
    private static final Duration START_PATIENCE = Duration.ofSeconds(60);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(60);
    /** How the JVM reports an orderly end by SIGTERM: 128 + 15. */
    private static final int TERMINATED = 143;

    private final Process process;
    private final Path directory;

    private OwnServer(Process process, Path directory) {
        this.process = process;
        this.directory = directory;
    }

    /** An address on this machine where nothing listened a moment ago. */
    static URI freeAddress() throws IOException {
        try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return URI.create(String.format(Locale.ROOT, "http://127.0.0.1:%d", probe.getLocalPort()));
        }
    }

    /** Starts {@code launcher serve} and returns when it is healthy; its output goes to {@code target/server.log}. */
    static OwnServer start(Path launcher, URI address) throws IOException, InterruptedException {
        if (!Files.isExecutable(launcher)) {
            throw new IOException("launcher: expected an executable file, got " + launcher);
        }
        Path directory = Files.createTempDirectory("shaula-load-");
        Path log = Files.createDirectories(Path.of("target")).resolve("server.log");
        Process process = new ProcessBuilder(
                        launcher.toAbsolutePath().normalize().toString(),
                        "serve",
                        "--port",
                        Integer.toString(address.getPort()),
                        "--data-dir",
                        directory.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        OwnServer server = new OwnServer(process, directory);
        try (Service service = new Service(address)) {
            service.awaitHealthy(START_PATIENCE);
            return server;
        } catch (IOException | InterruptedException | RuntimeException e) {
            server.kill();
            throw new IOException("cannot start " + launcher + ", see " + log.toAbsolutePath(), e);
        }
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
