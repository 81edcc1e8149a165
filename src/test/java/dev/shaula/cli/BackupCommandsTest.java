package dev.shaula.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.restassured.RestAssured;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The commands for backups and aliases, against a running service. */
@NullMarked
@QuarkusTest
class BackupCommandsTest {
    private static Cli.Run run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.add("--url");
        all.add("http://127.0.0.1:" + RestAssured.port);
        return Cli.run(all.toArray(String[]::new));
    }

    private static void assertPrints(String text, String... args) {
        Cli.Run run = run(args);
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).contains(text);
        assertThat(run.exitCode()).isZero();
    }

    private static void assertFails(String text, String... args) {
        Cli.Run run = run(args);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains(text);
    }

    @Test
    void shouldBackUpListRestoreAndSwitch() {
        assertPrints("created", "collections", "create", "books", "--dimensions", "3");
        assertPrints(
                "backup \"cli-one\" complete: 1 collection, ", "backup", "--collection", "books", "--name", "cli-one");
        assertFails("backup \"cli-one\" already exists", "backup", "--name", "cli-one");
        assertPrints("cli-one  complete", "backups");
        assertPrints(
                "collection \"books-old\" restored, with 0 vectors",
                "restore",
                "cli-one",
                "--collection",
                "books",
                "--as",
                "books-old");
        assertFails("already exists", "restore", "cli-one");
        assertPrints("alias \"library\" stands for collection \"books-old\"", "aliases", "set", "library", "books-old");
        assertPrints("library  books-old", "aliases");
        assertPrints("\"books-old\"", "collections", "describe", "library");
        assertFails("has aliases: library", "collections", "delete", "books-old", "--yes");
        assertPrints("deleted", "aliases", "delete", "library");
        assertPrints("deleted", "backups", "delete", "cli-one");
        assertPrints("deleted", "collections", "delete", "books-old", "--yes");
        assertPrints("deleted", "collections", "delete", "books", "--yes");
    }
}
