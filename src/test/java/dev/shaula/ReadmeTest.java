package dev.shaula;

import static org.assertj.core.api.Assertions.assertThat;

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

/** The README does not say what is not so: its tour is run. */
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
