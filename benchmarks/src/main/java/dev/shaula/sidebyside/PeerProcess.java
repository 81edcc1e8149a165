package dev.shaula.sidebyside;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** The driver's end of a peer process: sends a command, reads its one line, and ends the process if it takes too long. */
final class PeerProcess implements AutoCloseable {
    private static final long START_SECONDS = 60;
    private static final ScheduledExecutorService WATCH = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("peer-watch").daemon().factory());

    private final Process process;
    private final BufferedReader answers;
    private final PrintStream commands;

    /** @param errors what the process writes to standard error goes behind what is there */
    PeerProcess(List<String> command, Path errors) throws IOException {
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
                .start();
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        commands = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
        try {
            String first = read(START_SECONDS);
            if (!first.equals("ready")) {
                throw new IOException(first);
            }
        } catch (IOException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /**
     * Sends a command and returns the pairs of its answer.
     *
     * @throws IOException if the answer is an error, does not come in time, or the process has ended
     * @throws UnsupportedOperationException if the peer does not know the command
     */
    Map<String, String> ask(String command, long seconds) throws IOException {
        commands.println(command);
        String answer = read(seconds);
        if (answer.equals("unsupported")) {
            throw new UnsupportedOperationException(command);
        }
        if (!answer.equals("ok") && !answer.startsWith("ok ")) {
            throw new IOException(command + ": " + answer);
        }
        Map<String, String> pairs = new HashMap<>();
        for (String pair : answer.substring(2).trim().split(" +")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                pairs.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
        }
        return pairs;
    }

    /** Bytes of a line of {@code /proc/PID/status} ({@code RssAnon}, {@code RssFile}); 0 where there is none. */
    long memory(String line) throws IOException {
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        if (!Files.exists(status)) {
            return 0;
        }
        for (String text : Files.readAllLines(status)) {
            if (text.startsWith(line + ":")) {
                return 1024 * Long.parseLong(text.replaceAll("\\D", ""));
            }
        }
        return 0;
    }

    private String read(long seconds) throws IOException {
        ScheduledFuture<?> limit = WATCH.schedule(process::destroyForcibly, seconds, TimeUnit.SECONDS);
        try {
            String line = answers.readLine();
            if (line == null) {
                throw new IOException("the process ended without an answer, or took more than " + seconds + " s");
            }
            return line;
        } finally {
            limit.cancel(false);
        }
    }

    /** Asks the process to end, and ends it if it does not. */
    @Override
    public void close() {
        commands.println("quit");
        commands.close();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
