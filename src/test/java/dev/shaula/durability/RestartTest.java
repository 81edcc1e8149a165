package dev.shaula.durability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * How long the service takes from the start of its process, {@code ./shaula serve}, to its first correct answer over
 * HTTP: after a clean stop, and after a SIGKILL with a tenth of the points behind the last checkpoint. A measurement, so
 * only on demand, with a build beside it: {@code ./mvnw package -DskipTests && ./mvnw test -Dtest=RestartTest
 * -Drestart.points=100000}. With {@code -Drestart.data=DIR} the points are written once, and measured by every later run.
 */
@EnabledIfSystemProperty(named = "restart.points", matches = "\\d+")
class RestartTest {
    private static final int POINTS = Integer.getInteger("restart.points", 0);
    private static final int TAIL = POINTS / 10;
    private static final int DIMENSIONS = 1_536;
    private static final int BATCH = 200;
    private static final int REPETITIONS = Integer.getInteger("restart.repetitions", 5);
    private static final String THINGS = "things";
    private static final Path JAR = Path.of("target/quarkus-app/quarkus-run.jar");
    private static final Ledger SEEDED = new Ledger(DIMENSIONS, 11);

    @TempDir
    Path directory;

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void shouldAnswerSoonAfterItsStart() throws Exception {
        assumeTrue(Files.exists(JAR), "skipped: " + JAR + " is not there");
        Path home = Path.of(System.getProperty("restart.data", directory.toString()));
        Path stopped = home.resolve("stopped-" + POINTS);
        Path killed = home.resolve("killed-" + POINTS);
        if (!Files.exists(stopped)) {
            write(stopped);
        }
        if (!Files.exists(killed)) {
            addTail(stopped, killed);
        }
        long[] afterStop = start(stopped, POINTS - 1);
        long[] afterKill = start(killed, POINTS + TAIL - 1);
        check("after a clean stop", afterStop, 2_000);
        check("after SIGKILL with " + TAIL + " points to replay", afterKill, 5_000);
    }

    private static void write(Path data) throws Exception {
        Path draft = data.resolveSibling("draft");
        try (NodeProcess node = NodeProcess.start(settings(draft));
                NodeClient client = node.connect()) {
            client.create(new CollectionConfig(THINGS, DIMENSIONS, Metric.COSINE, 1, 16, 100, true));
            upsert(client, 0, POINTS);
            client.commit(THINGS);
            assertThat(node.stop()).isZero();
        }
        Files.move(draft, data);
    }

    private static void addTail(Path stopped, Path killed) throws Exception {
        Path draft = killed.resolveSibling("draft");
        try (Stream<Path> files = Files.walk(stopped)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, draft.resolve(stopped.relativize(file)));
            }
        }
        try (NodeProcess node = NodeProcess.start(settings(draft));
                NodeClient client = node.connect()) {
            // Below the number of records that asks for a checkpoint by itself.
            upsert(client, POINTS, POINTS + TAIL);
            node.kill();
        }
        Files.move(draft, killed);
    }

    private static NodeProcess.Settings settings(Path data) {
        return NodeProcess.Settings.of(data).withCheckpointsEvery(Duration.ofHours(1));
    }

    private static void check(String when, long[] millis, long target) {
        System.out.println("RestartTest first answer " + when + ": " + Arrays.toString(millis) + " ms");
        Arrays.sort(millis);
        assertThat(millis[millis.length / 2]).as(when).isLessThanOrEqualTo(target);
    }

    private static void upsert(NodeClient client, int from, int to) {
        for (int i = from; i < to; i += BATCH) {
            client.upsert(
                    THINGS,
                    IntStream.range(i, Math.min(to, i + BATCH))
                            .parallel()
                            .mapToObj(RestartTest::point)
                            .toList());
        }
    }

    private static Point point(int n) {
        return SEEDED.point("p" + n, 1);
    }

    /** Starts the service a few times, each killed, so that the next has the same to do. */
    private long[] start(Path data, int lastPoint) throws Exception {
        startOnce(data, lastPoint); // not counted: the launcher may have a cache to make
        long[] millis = new long[REPETITIONS];
        for (int i = 0; i < REPETITIONS; i++) {
            millis[i] = startOnce(data, lastPoint);
        }
        return millis;
    }

    private long startOnce(Path data, int lastPoint) throws Exception {
        int port = freePort();
        HttpRequest query = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/vectors/query"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{\"collection\":\"" + THINGS + "\",\"top_k\":1,\"vector\":"
                        + Arrays.toString(point(lastPoint).vector()) + "}"))
                .build();
        ProcessBuilder command =
                new ProcessBuilder("./shaula", "serve", "--port=" + port, "--data-dir=" + data.toAbsolutePath());
        HttpClient http = HttpClient.newHttpClient();
        long started = System.nanoTime();
        Process server = command.redirectErrorStream(true)
                .redirectOutput(directory.resolve("server.log").toFile())
                .start();
        try {
            while (!answers(http, query, "\"p" + lastPoint + "\"")) {
                assertThat(server.isAlive())
                        .as(Files.readString(directory.resolve("server.log")))
                        .isTrue();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20)); // each refusal costs the start something
            }
            return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started);
        } finally {
            server.destroyForcibly().waitFor();
        }
    }

    private static boolean answers(HttpClient http, HttpRequest query, String expected) throws InterruptedException {
        try {
            HttpResponse<String> answer = http.send(query, HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() == 200 && answer.body().contains(expected);
        } catch (IOException e) {
            return false; // not listening yet
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }
}
