package dev.shaula.api.websocket;

import static io.restassured.RestAssured.given;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The example page and its client, as they are served, in a real browser and in Node. */
@QuarkusTest
@Timeout(180)
class BrowserTest {
    @TestHTTPResource
    @SuppressWarnings("NullAway.Init") // injected
    URI base;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    @Test
    void shouldStreamPointsAndKeepALiveQueryTrueInABrowser() throws Exception {
        Path program = Chromium.installed();
        assumeTrue(program != null, "no chromium on the path; apt-get install chromium");
        URI page = base.resolve("/examples/websocket/index.html?collection=browser&points=1000");
        try (Chromium chromium = new Chromium(program, folder, page)) {
            assertThat(chromium.evaluate(untilLoaded("demo.then(done => done.stored)")))
                    .isEqualTo(1000);
            assertThat(
                            chromium.evaluate(
                                    "(async () => { for (let i = 0; i < 500 && String(shown()) !== String(nearest()); i++)"
                                            + " await new Promise(next => setTimeout(next, 20)); return String(shown()) === String(nearest()); })()"))
                    .as("the answer that was pushed is the right one")
                    .isEqualTo(true);
            assertThat(chromium.evaluate("document.querySelectorAll('#answer li').length"))
                    .isEqualTo(5);
        }
        assertThat(given().get("/collections/browser").jsonPath().getInt("vector_count"))
                .isEqualTo(1_000);
    }

    /** The target is created before its page is loaded. */
    private static String untilLoaded(String expression) {
        return "(async () => { while (!window.demo) await new Promise(next => setTimeout(next, 20)); return "
                + expression + "; })()";
    }

    /** Loses the connection again and again while it streams. */
    private static final String SCRIPT = """
            import { Shaula } from "./shaula.mjs";
            const base = process.argv[2];
            await fetch(base + "/collections", { method: "POST", body: JSON.stringify({ name: "node", dimensions: 3, metric: "euclidean" }) });
            const shaula = await new Shaula(base).connect();
            const stream = await shaula.stream("node", "from-node");
            let answer = [];
            await shaula.subscribe("node", [0, 0, 0], { top_k: 3 }, (next) => (answer = next));
            const stored = [];
            for (let i = 0; i < 200; i++) {
              stored.push(stream.upsert([{ id: `n${i}`, vector: [200 - i, 0, 0], metadata: { i } }]));
              if (i % 40 === 20) {
                await stored[i - 10];
                shaula.drop();
              }
            }
            await Promise.all(stored);
            await stream.close();
            while (answer.map(({ id }) => id).join() !== "n199,n198,n197") await new Promise((next) => setTimeout(next, 10));
            const found = await shaula.query("node", [200, 0, 0], { top_k: 1 });
            console.log(JSON.stringify({ acknowledged: stored.length, first: found.results[0].id, live: answer.map(({ id }) => id) }));
            shaula.close();
            """;

    @Test
    void shouldComeBackAndGoOnInNode() throws Exception {
        assumeTrue(
                runs("node", "--experimental-websocket", "-e", "new WebSocket('ws://127.0.0.1:1').onerror = () => {}"),
                "no node with a WebSocket (20 or newer) on the path");
        Files.writeString(
                folder.resolve("shaula.mjs"),
                given().get("/examples/websocket/shaula.js").asString());
        Files.writeString(folder.resolve("script.mjs"), SCRIPT);
        Process node = new ProcessBuilder(
                        "node",
                        "--experimental-websocket",
                        folder.resolve("script.mjs").toString(),
                        "http://127.0.0.1:" + base.getPort())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile())
                .start();
        boolean ended = node.waitFor(60, TimeUnit.SECONDS);
        node.destroyForcibly();
        String output = Files.readString(folder.resolve("output"), StandardCharsets.UTF_8);
        assertThat(ended).as(output).isTrue();
        assertThat(output.lines().toList().getLast())
                .isEqualTo("{\"acknowledged\":200,\"first\":\"n0\",\"live\":[\"n199\",\"n198\",\"n197\"]}");
        assertThat(given().get("/collections/node").jsonPath().getInt("vector_count"))
                .isEqualTo(200);
    }

    private static boolean runs(String... command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (java.io.IOException e) {
            return false;
        }
    }
}
