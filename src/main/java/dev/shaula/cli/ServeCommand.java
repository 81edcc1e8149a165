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
    private static final Pattern SYNC_INTERVAL = Pattern.compile("[1-9][0-9]{0,5}(ms|s|m)");

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
            description = "Most client connections at a time (default: no limit).")
    private @Nullable Integer maxConnections;

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
        if (sync != null
                && !sync.equals("always")
                && !SYNC_INTERVAL.matcher(sync).matches()) {
            throw usage("--sync: expected always, or a time such as 200ms or 1s, got \"" + sync + "\"");
        }
        check("--max-results", maxResults, 1, Limits.MAX_TOP_K);
        check("--commit-interval", commitInterval, 1, 86_400);
        check("--max-connections", maxConnections, 1, Integer.MAX_VALUE);
        if (similarity != null && !Double.isFinite(similarity)) {
            throw usage("--similarity: expected a number, got " + similarity);
        }
    }

    private void check(String option, @Nullable Integer value, int min, int max) {
        if (value != null && (value < min || value > max)) {
            throw usage(option + ": expected " + min + " to " + max + ", got " + value);
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
        putIfGiven(config, "quarkus.http.limits.max-connections", maxConnections);
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
