package dev.shaula.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShaulaMainTest {
    @Test
    void shouldPrintHelpWithoutACommand() {
        Cli.Run run = Cli.run();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("serve", "import", "query", "eval", "collections", "health", "version");
        assertThat(run.err()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve",
                "import",
                "query",
                "eval",
                "collections",
                "collections list",
                "collections create",
                "collections describe",
                "collections delete",
                "health",
                "version"
            })
    void shouldExplainEveryCommand(String command) {
        Cli.Run run = Cli.run((command + " --help").split(" "));
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("Usage: shaula " + command).contains("--debug");
    }

    @Test
    void shouldAnswerAnUnknownCommandWithExitCode2() {
        Cli.Run run = Cli.run("colections");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("colections", "Did you mean", "shaula --help");
    }

    @Test
    void shouldFailInOneLineWhenNoServiceListens() {
        Cli.Run run = Cli.run("health", "--url", "http://127.0.0.1:1");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err())
                .startsWith("shaula: cannot connect to http://127.0.0.1:1")
                .hasLineCount(1);
    }

    @Test
    void shouldShowTheStackTraceWhenAsked() {
        Cli.Run run = Cli.run("health", "--debug", "--url", "http://127.0.0.1:1");
        assertThat(run.err()).contains("\tat dev.shaula.cli.ServiceClient");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:8080", "ftp://x", "http://", "http://a b"})
    void shouldRefuseAUrlThatIsNone(String url) {
        Cli.Run run = Cli.run("health", "--url", url);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("expected something like http://127.0.0.1:8080");
    }
}
