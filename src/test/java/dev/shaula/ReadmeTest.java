package dev.shaula;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.Limits;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** The README does not say what is not so: its tour is run, and its limits are those of the code. */
@NullMarked
@QuarkusTest
class ReadmeTest {
    @TestHTTPResource("/")
    @SuppressWarnings("NullAway.Init") // set by Quarkus
    URL server;

    /** A command of the tour and the answer that the page shows. */
    private record Step(String command, String answer) {}

    @Test
    void shouldAnswerTheTourAsThePageShows() throws Exception {
        Assumptions.assumeTrue(
                new ProcessBuilder("sh", "-c", "command -v curl").start().waitFor() == 0, "skipped: no curl here");
        List<Step> steps = tour();
        assertThat(steps).hasSizeGreaterThan(5);
        for (Step step : steps) {
            String said = run(step.command().replace("localhost:8080", server.getHost() + ":" + server.getPort()));
            String expected = Pattern.quote(step.answer()).replace("…", "\\E(?s:.*)\\Q");
            assertThat(said.strip()).as(step.command()).matches(expected);
        }
    }

    @Test
    void shouldStateTheLimitsOfTheCode() throws IOException {
        assertThat(readme())
                .contains("| dimensions | 1 to %,d |".formatted(Limits.MAX_DIMENSIONS))
                .contains("| id | 1 to %,d bytes of UTF-8 |".formatted(Limits.MAX_ID_BYTES))
                .contains("%,d bytes of JSON, %d levels".formatted(Limits.MAX_METADATA_BYTES, Limits.MAX_DEPTH))
                .contains("| `top_k`, `ef_search` | %,d, %,d |".formatted(Limits.MAX_TOP_K, Limits.MAX_EF))
                .contains("| queries of a batch | %,d |".formatted(Limits.MAX_BATCH_QUERIES))
                .contains("| conditions of a filter | %,d, %d levels |"
                        .formatted(Limits.MAX_FILTER_CONDITIONS, Limits.MAX_DEPTH))
                .contains("| %d, %,d characters |".formatted(Limits.MAX_INDEXES, Limits.MAX_FIELD_LENGTH))
                .contains("| facets of an answer, different values | %,d, %,d |"
                        .formatted(Limits.MAX_FACETS, Limits.MAX_FACET_VALUES))
                .contains("| points of a page of a scroll | %,d, ".formatted(Limits.MAX_SCROLL_LIMIT))
                .contains("| ids of a delete | %,d |".formatted(Limits.MAX_DELETE_IDS))
                .contains("| ids of a change of metadata, keys it deletes | %,d, %,d |"
                        .formatted(Limits.MAX_DELETE_IDS, Limits.MAX_DELETED_KEYS))
                .contains("| points of one JSON upsert | %,d ".formatted(Limits.MAX_UPSERT_POINTS))
                .contains("%d to %d, 1 to %,d |".formatted(Limits.MIN_M, Limits.MAX_M, Limits.MAX_EF_CONSTRUCTION));
    }

    private static List<Step> tour() throws IOException {
        String page = readme();
        int start = page.indexOf("```tour\n") + "```tour\n".length();
        List<Step> steps = new ArrayList<>();
        StringBuilder command = new StringBuilder();
        StringBuilder answer = new StringBuilder();
        for (String line : page.substring(start, page.indexOf("```", start)).split("\n")) {
            if (line.startsWith("$ ")) {
                command.append(line.substring(2));
            } else if (line.startsWith("> ")) {
                command.append('\n').append(line.substring(2));
            } else if (line.isEmpty()) {
                steps.add(new Step(command.toString(), answer.toString()));
                command.setLength(0);
                answer.setLength(0);
            } else {
                answer.append(line);
            }
        }
        steps.add(new Step(command.toString(), answer.toString()));
        return steps;
    }

    private static String run(String command) throws Exception {
        Process process = new ProcessBuilder("sh", "-c", command)
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }

    private static String readme() throws IOException {
        return Files.readString(Path.of("README.md"));
    }
}
