package dev.shaula.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class ServeCommandTest {
    @Test
    void shouldTurnOptionsIntoConfiguration() {
        assertThat(parse(
                                "--port=9000",
                                "-d",
                                "/srv/x",
                                "--shards",
                                "3",
                                "--sync",
                                "200ms",
                                "--query-threads=4",
                                "--similarity",
                                "0.7",
                                "--max-results=50",
                                "--commit-interval",
                                "60",
                                "--host",
                                "0.0.0.0",
                                "-Da.b=c")
                        .configuration())
                .containsExactly(
                        entry("quarkus.http.host", "0.0.0.0"),
                        entry("quarkus.http.port", "9000"),
                        entry("shaula.data-dir", "/srv/x"),
                        entry("shaula.shards", "3"),
                        entry("shaula.sync", "200ms"),
                        entry("shaula.search-threads", "4"),
                        entry("shaula.default-threshold", "0.7"),
                        entry("shaula.default-top-k-cap", "50"),
                        entry("shaula.checkpoint-interval", "60s"),
                        entry("a.b", "c"));
    }

    @Test
    void shouldTurnBudgetsAndTimesIntoConfiguration() {
        assertThat(parse(
                                "--search-queue=50",
                                "--search-wait=2s",
                                "--write-budget=64M",
                                "--collection-budget=32M",
                                "--connection-budget=1048576",
                                "--write-wait=500ms",
                                "--body-budget=1G",
                                "--credit-budget=128M",
                                "--memory-limit=2G",
                                "--max-connections=500",
                                "--header-timeout=5s",
                                "--body-timeout=10s",
                                "--idle-timeout=1m")
                        .configuration())
                .contains(
                        entry("shaula.search-queue", "50"),
                        entry("shaula.search-wait", "2s"),
                        entry("shaula.write-budget", "64M"),
                        entry("shaula.collection-budget", "32M"),
                        entry("shaula.connection-budget", "1048576"),
                        entry("shaula.write-wait", "500ms"),
                        entry("shaula.http.ingest-budget", "1G"),
                        entry("shaula.websocket.credit-budget", "128M"),
                        entry("shaula.memory-limit", "2G"),
                        entry("shaula.http.max-connections", "500"),
                        entry("shaula.http.header-timeout", "5s"),
                        entry("shaula.http.body-timeout", "10s"),
                        entry("quarkus.http.idle-timeout", "1m"));
    }

    @Test
    void shouldLeaveToTheServiceWhatWasNotAsked() {
        assertThat(parse().configuration())
                .containsExactly(
                        entry("quarkus.http.host", "127.0.0.1"),
                        entry("quarkus.http.port", "8080"),
                        entry("shaula.data-dir", "./data"));
    }

    @Test
    void shouldLetTheEnvironmentOfAntarysOverrideFlags() {
        ServeCommand serve = parse("-p", "9000", "--data-dir=a");
        serve.overrideFromEnvironment(Map.of("ANTARYS_PORT", "9001", "ANTARYS_DATA_DIR", "b"));
        assertThat(serve.configuration()).contains(entry("quarkus.http.port", "9001"), entry("shaula.data-dir", "b"));
        assertThatThrownBy(() -> serve.overrideFromEnvironment(Map.of("ANTARYS_PORT", "x")))
                .isInstanceOf(CommandLine.ParameterException.class)
                .hasMessageContaining("ANTARYS_PORT");
    }

    @Test
    void shouldAcceptTheFlagsOfAntarysAndSayWhichHaveNoEffect() {
        AntarysFlags flags = new AntarysFlags();
        new CommandLine(new ServeCommandWith(flags))
                .parseArgs(
                        "--enable-hnsw=false",
                        "--enable-pq",
                        "--enable-gpu=false",
                        "--meta-dir",
                        "m",
                        "-c",
                        "5",
                        "--optimization=3",
                        "--batch-size",
                        "5000",
                        "-w",
                        "2",
                        "--pool-size=1");
        List<String> warnings = flags.warnings();
        assertThat(warnings).allMatch(w -> w.matches("shaula: --\\S+ has no effect: .+"));
        assertThat(warnings.stream().map(w -> w.split(" ", 3)[1]))
                .containsExactlyInAnyOrder(
                        "--enable-hnsw=false",
                        "--enable-pq",
                        "--meta-dir",
                        "--cache-size",
                        "--optimization",
                        "--batch-size",
                        "--worker-threads",
                        "--pool-size");
    }

    @Test
    void shouldNotWarnOfFlagsThatAskForWhatIs() {
        AntarysFlags flags = new AntarysFlags();
        new CommandLine(new ServeCommandWith(flags))
                .parseArgs("--enable-hnsw", "--enable-pq=false", "--enable-gpu=false", "--enable-embedding=false");
        assertThat(flags.warnings()).isEmpty();
    }

    @CommandLine.Command(name = "serve")
    record ServeCommandWith(@CommandLine.Mixin AntarysFlags flags) {}

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--port=65536",
                "--port=-1",
                "--port=x",
                "--shards=0",
                "--sync=never",
                "--sync=0s",
                "--no-such-flag"
            })
    void shouldRefuseWrongUsageWithExitCode2(String flag) {
        Cli.Run run = Cli.run("serve", flag);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).startsWith("shaula serve: ").endsWith("Try: shaula serve --help\n");
    }

    @Test
    void shouldSayInOneLineThatThePortIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Cli.Run run = Cli.run("serve", "--port", Integer.toString(taken.getLocalPort()));
            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err())
                    .matches("shaula: cannot listen on 127.0.0.1:" + taken.getLocalPort() + " .*--port.*\n");
        }
    }

    private static ServeCommand parse(String... args) {
        ServeCommand serve = new ServeCommand();
        new CommandLine(serve).setCaseInsensitiveEnumValuesAllowed(true).parseArgs(args);
        return serve;
    }
}
