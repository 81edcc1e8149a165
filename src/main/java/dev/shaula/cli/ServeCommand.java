package dev.shaula.cli;

import dev.shaula.model.Limits;
import io.quarkus.runtime.Quarkus;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Turns options into configuration of the service and boots it; the only command that does. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Run the service until it is told to stop (Ctrl+C or SIGTERM).",
        footer = {
            "",
            "The start-up flags of Antarys are accepted in the same spelling (--port=9000, --enable-hnsw=false); those"
                    + " that have no effect here say so. The environment variables ANTARYS_PORT and ANTARYS_DATA_DIR"
                    + " override the flags."
        })
final class ServeCommand implements Callable<Integer> {
    private static final Pattern TIME = Pattern.compile("[1-9][0-9]{0,5}(ms|s|m)");
    private static final Pattern SIZE = Pattern.compile("[1-9][0-9]{0,17}[KMGTkmgt]?");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "Address to listen on; 0.0.0.0 for all (default: ${DEFAULT-VALUE}).")
    private String host = "127.0.0.1";

    @Option(
            names = {"-p", "--port"},
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "TCP port, 0 for any free one (default: ${DEFAULT-VALUE}).")
    private int port = 8080;

    @Option(
            names = {"-d", "--data-dir"},
            paramLabel = "DIR",
            defaultValue = "./data",
            description = "Where everything is stored (default: ${DEFAULT-VALUE}).")
    private String dataDir = "./data";

    @Option(
            names = "--shards",
            paramLabel = "N",
            description = "Shards of a collection whose creator left the number open (default: by cores).")
    private @Nullable Integer shards;

    @Option(
            names = "--sync",
            paramLabel = "WHEN",
            description = "always: a write is answered after its log is synced to disk; or the longest time between"
                    + " syncs, such as 200ms or 1s: faster, a crash may lose that much (default: always).")
    private @Nullable String sync;

    @Option(
            names = "--query-threads",
            paramLabel = "N",
            description = "Threads that search (default: one for each core).")
    private @Nullable Integer queryThreads;

    @Option(
            names = "--search-queue",
            paramLabel = "N",
            description = "Searches that wait for a thread before the next is refused with 429 (default: 1024).")
    private @Nullable Integer searchQueue;

    @Option(
            names = "--search-wait",
            paramLabel = "TIME",
            description = "How long a search may wait before it is refused with 429 (default: 10s).")
    private @Nullable String searchWait;

    @Option(
            names = "--write-budget",
            paramLabel = "BYTES",
            description = "Writes in flight before senders are slowed, such as 256M (default: an eighth of the heap).")
    private @Nullable String writeBudget;

    @Option(
            names = "--collection-budget",
            paramLabel = "BYTES",
            description = "Of these, writes to one collection (default: half).")
    private @Nullable String collectionBudget;

    @Option(
            names = "--connection-budget",
            paramLabel = "BYTES",
            description = "Of these, writes of one connection (default: an eighth).")
    private @Nullable String connectionBudget;

    @Option(
            names = "--write-wait",
            paramLabel = "TIME",
            description = "How long a whole request waits for its share before it is refused with 429 (default: 30s).")
    private @Nullable String writeWait;

    @Option(
            names = "--body-budget",
            paramLabel = "BYTES",
            description = "Heap of request bodies that are being read (default: a quarter of the heap).")
    private @Nullable String bodyBudget;

    @Option(
            names = "--credit-budget",
            paramLabel = "BYTES",
            description = "Credit of all upsert streams of WebSockets (default: an eighth of the heap).")
    private @Nullable String creditBudget;

    @Option(
            names = "--memory-limit",
            paramLabel = "BYTES",
            description = "Native memory of vectors; what needs more is refused with 507 (default: 80 %% of the"
                    + " machine's, less the heap).")
    private @Nullable String memoryLimit;

    @Option(
            names = "--similarity",
            paramLabel = "SCORE",
            description = "Lowest score of results when a query does not say (default: no limit).")
    private @Nullable Double similarity;

    @Option(
            names = "--max-results",
            paramLabel = "N",
            description = "Results when a query does not say how many, at most (default: no limit).")
    private @Nullable Integer maxResults;

    @Option(
            names = "--commit-interval",
            paramLabel = "SECONDS",
            description = "Longest time between checkpoints; a restart replays what came after the last.")
    private @Nullable Integer commitInterval;

    @Option(
            names = "--max-connections",
            paramLabel = "N",
            description = "Connections at a time; one more gets 503 (default: by heap, 10000 at most).")
    private @Nullable Integer maxConnections;

    @Option(
            names = "--header-timeout",
            paramLabel = "TIME",
            description = "How long the head of a request may take to come (default: 20s).")
    private @Nullable String headerTimeout;

    @Option(
            names = "--body-timeout",
            paramLabel = "TIME",
            description = "How long the sender of a body may say nothing (default: 30s).")
    private @Nullable String bodyTimeout;

    @Option(
            names = "--idle-timeout",
            paramLabel = "TIME",
            description = "After how long without a byte in either direction a connection is closed (default: 120s).")
    private @Nullable String idleTimeout;

    @Option(
            names = "-D",
            paramLabel = "KEY=VALUE",
            description = "Any configuration property of the service or of Quarkus; may be repeated.")
    private Map<String, String> properties = new LinkedHashMap<>();

    @Mixin
    private AntarysFlags antarys = new AntarysFlags();

    @Override
    public Integer call() {
        overrideFromEnvironment(System.getenv());
        checkOptions();
        antarys.warnings().forEach(err()::println);
        err().flush();
        checkFree();
        configuration().forEach(System::setProperty);
        return runService();
    }

    /** Wrapper scripts of Antarys set these; there they win over flags. */
    void overrideFromEnvironment(Map<String, String> environment) {
        String envPort = environment.get("ANTARYS_PORT");
        if (envPort != null && !envPort.isBlank()) {
            try {
                port = Integer.parseInt(envPort.strip());
            } catch (NumberFormatException e) {
                throw usage("ANTARYS_PORT: expected a port, got \"" + envPort + "\"");
            }
        }
        String envDataDir = environment.get("ANTARYS_DATA_DIR");
        if (envDataDir != null && !envDataDir.isBlank()) {
            dataDir = envDataDir;
        }
    }

    void checkOptions() {
        check("--port", port, 0, 65_535);
        check("--shards", shards, 1, Limits.MAX_SHARDS);
        check("--query-threads", queryThreads, 1, 1_024);
        if (sync != null && !sync.equals("always") && !TIME.matcher(sync).matches()) {
            throw usage("--sync: expected always, or a time such as 200ms or 1s, got \"" + sync + "\"");
        }
        check("--max-results", maxResults, 1, Limits.MAX_TOP_K);
        check("--commit-interval", commitInterval, 1, 86_400);
        check("--max-connections", maxConnections, 1, Integer.MAX_VALUE);
        check("--search-queue", searchQueue, 1, 1_000_000);
        checkTime("--search-wait", searchWait);
        checkTime("--write-wait", writeWait);
        checkTime("--header-timeout", headerTimeout);
        checkTime("--body-timeout", bodyTimeout);
        checkTime("--idle-timeout", idleTimeout);
        checkSize("--write-budget", writeBudget);
        checkSize("--collection-budget", collectionBudget);
        checkSize("--connection-budget", connectionBudget);
        checkSize("--body-budget", bodyBudget);
        checkSize("--credit-budget", creditBudget);
        checkSize("--memory-limit", memoryLimit);
        if (similarity != null && !Double.isFinite(similarity)) {
            throw usage("--similarity: expected a number, got " + similarity);
        }
    }

    private void check(String option, @Nullable Integer value, int min, int max) {
        if (value != null && (value < min || value > max)) {
            throw usage(option + ": expected " + min + " to " + max + ", got " + value);
        }
    }

    private void checkTime(String option, @Nullable String value) {
        if (value != null && !TIME.matcher(value).matches()) {
            throw usage(option + ": expected a time such as 500ms, 10s or 2m, got \"" + value + "\"");
        }
    }

    private void checkSize(String option, @Nullable String value) {
        if (value != null && !SIZE.matcher(value).matches()) {
            throw usage(option + ": expected bytes such as 65536, 64M or 2G, got \"" + value + "\"");
        }
    }

    private CommandLine.ParameterException usage(String message) {
        return new CommandLine.ParameterException(spec.commandLine(), message);
    }

    /** The configuration properties that the options stand for. */
    Map<String, String> configuration() {
        Map<String, String> config = new LinkedHashMap<>();
        config.put("quarkus.http.host", host);
        config.put("quarkus.http.port", Integer.toString(port));
        config.put("shaula.data-dir", dataDir);
        putIfGiven(config, "shaula.shards", shards);
        putIfGiven(config, "shaula.sync", sync);
        putIfGiven(config, "shaula.search-threads", queryThreads);
        putIfGiven(config, "shaula.default-threshold", similarity);
        putIfGiven(config, "shaula.default-top-k-cap", maxResults);
        putIfGiven(config, "shaula.checkpoint-interval", commitInterval == null ? null : commitInterval + "s");
        putIfGiven(config, "shaula.search-queue", searchQueue);
        putIfGiven(config, "shaula.search-wait", searchWait);
        putIfGiven(config, "shaula.write-budget", writeBudget);
        putIfGiven(config, "shaula.collection-budget", collectionBudget);
        putIfGiven(config, "shaula.connection-budget", connectionBudget);
        putIfGiven(config, "shaula.write-wait", writeWait);
        putIfGiven(config, "shaula.http.ingest-budget", bodyBudget);
        putIfGiven(config, "shaula.websocket.credit-budget", creditBudget);
        putIfGiven(config, "shaula.memory-limit", memoryLimit);
        putIfGiven(config, "shaula.http.max-connections", maxConnections);
        putIfGiven(config, "shaula.http.header-timeout", headerTimeout);
        putIfGiven(config, "shaula.http.body-timeout", bodyTimeout);
        putIfGiven(config, "quarkus.http.idle-timeout", idleTimeout);
        config.putAll(properties);
        return config;
    }

    private static void putIfGiven(Map<String, String> config, String key, @Nullable Object value) {
        if (value != null) {
            config.put(key, value.toString());
        }
    }

    /** Finds out before the service boots, which may take a while, that it would not get its port. */
    private void checkFree() {
        if (port == 0) {
            return;
        }
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(InetAddress.getByName(host), port));
        } catch (IOException e) {
            throw new CliException(
                    "cannot listen on " + host + ":" + port + " (" + e.getMessage() + "); --port names another port",
                    e);
        }
    }

    private int runService() {
        AtomicInteger exitCode = new AtomicInteger();
        Quarkus.run(ShaulaServer.class, (code, failure) -> {
            exitCode.set(code);
            if (failure != null) {
                err().println("shaula: the service stopped: " + rootMessage(failure));
                err().flush();
            }
        });
        return exitCode.get();
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }
}
