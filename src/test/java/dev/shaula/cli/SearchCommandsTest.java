package dev.shaula.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands {@code query}, {@code eval}, {@code collections} and {@code health} over real sockets. */
class SearchCommandsTest {
    private static final int ROWS = 60;
    private static final int DIMENSIONS = 5;

    private final float[][] vectors = TestFiles.randomVectors(new Random(7), ROWS, DIMENSIONS);
    private final float[][] queries = TestFiles.randomVectors(new Random(8), 20, DIMENSIONS);

    @TempDir
    Path directory;

    private ContractServer server;

    @BeforeEach
    void start() throws IOException {
        server = new ContractServer();
        server.collections.put("c d", new LinkedHashMap<>(Map.of("name", "c d", "dimensions", DIMENSIONS)));
        for (int i = 0; i < ROWS; i++) {
            Map<String, @Nullable Object> row = new LinkedHashMap<>();
            row.put("id", Integer.toString(i));
            row.put("vector", vectors[i]);
            row.put("metadata", Map.of("n", i));
            server.rows.put(Integer.toString(i), reread(row));
        }
    }

    private static Map<String, @Nullable Object> reread(Map<String, @Nullable Object> row) {
        try {
            return Json.object(Json.write(row).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Test
    void shouldPrintTheNeighboursOfAVectorNearestFirst() {
        Cli.Run run = cli("query", "-c", "c d", "--vector", Json.write(queries[0]), "--top-k", "3");
        int[] truth = truth(queries[0]);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out().lines().skip(1).limit(3).map(l -> l.strip().split(" +")[1]))
                .containsExactly(text(truth[0]), text(truth[1]), text(truth[2]));
        assertThat(run.out()).contains("3 results in").contains("{\"n\":" + truth[0] + "}");
    }

    @Test
    void shouldTakeTheVectorFromAFileOrAStoredOne() throws IOException {
        Path fvecs = TestFiles.write(directory, "q.fvecs", TestFiles.fvecs(vectors));
        Path json = TestFiles.write(directory, "q.json", Json.write(vectors[9]).getBytes(StandardCharsets.UTF_8));
        assertThat(nearest("--vector-file", fvecs.toString(), "--row", "9")).isEqualTo("9");
        assertThat(nearest("--vector-file", json.toString())).isEqualTo("9");
        assertThat(nearest("--like", "9")).isEqualTo("9");
    }

    private String nearest(String... source) {
        String[] args = Stream.concat(Stream.of("query", "-c", "c d", "--json", "-k", "1"), Stream.of(source))
                .toArray(String[]::new);
        Cli.Run run = cli(args);
        return run.out().replaceAll("(?s).*\"id\" : \"([^\"]*)\".*", "$1");
    }

    @Test
    void shouldRefuseAQueryWithoutExactlyOneGoodVector() {
        assertThat(cli("query", "-c", "c").exitCode()).isEqualTo(2);
        assertThat(cli("query", "-c", "c", "--like", "1", "--vector", "[1]").exitCode())
                .isEqualTo(2);
        assertThat(cli("query", "-c", "c", "--like", "1", "--filter", "[1]").exitCode())
                .isEqualTo(2);
        for (String bad : new String[] {"[]", "[1,null]", "[1e99]", "x", "{}", "[1"}) {
            Cli.Run run = cli("query", "-c", "c", "--vector", bad);
            assertThat(run.exitCode()).as(bad).isEqualTo(1);
            assertThat(run.err()).startsWith("shaula: --vector: ").hasLineCount(1);
        }
        assertThat(cli("query", "-c", "c", "--like", "999").err()).contains("HTTP 404 - Vector not found");
    }

    @Test
    void shouldMeasureFullRecallAgainstTheTruth() throws IOException {
        for (String concurrency : new String[] {"1", "4"}) {
            Cli.Run run = eval(truthFile(0), "--min-recall", "1", "--concurrency", concurrency);
            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.out())
                    .contains("20 queries", "after one warm-up pass", "recall@10  1.0000")
                    .containsPattern("p50 [0-9.]+ ms +p95 [0-9.]+ ms +p99 [0-9.]+ ms +max [0-9.]+ ms");
        }
    }

    @Test
    void shouldFailWhenRecallIsBelowTheFloor() throws IOException {
        Cli.Run run = eval(truthFile(3), "--min-recall", "0.75");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).contains("recall@10  0.7000");
        assertThat(run.err()).contains("recall@10 is 0.7000, expected at least 0.7500");
    }

    @Test
    void shouldRefuseTruthThatDoesNotReachKOrTheQueries() throws IOException {
        Path few = TestFiles.write(directory, "few.ivecs", TestFiles.ivecs(new int[][] {{1, 2, 3}}));
        Cli.Run run = eval(few);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("has 1 rows of 3 neighbours, expected 20 rows of at least 10");
    }

    @Test
    void shouldManageCollections() {
        assertThat(cli("collections", "create", "new", "--dimensions", "8", "--metric", "ip", "--m", "32")
                        .out())
                .isEqualTo("collection \"new\" created\n");
        assertThat(server.collections.get("new")).containsEntry("metric", "dot").containsEntry("m", 32);
        assertThat(cli("collections", "list").out()).contains("name", "new", "c d");
        assertThat(cli("collections", "describe", "c d").out()).contains("\"dimensions\" : 5");
        assertThat(cli("collections", "delete", "c d", "--yes").out()).contains("deleted, with 60 vectors");
        assertThat(cli("collections", "delete", "c d", "--yes").exitCode()).isEqualTo(1);
        assertThat(cli("collections", "describe", "c d").err()).contains("\"c d\" does not exist");
        assertThat(cli("collections").exitCode()).isEqualTo(2);
    }

    @Test
    void shouldReportHealth() {
        assertThat(cli("health").out()).contains("\"status\" : \"ok\"");
    }

    private Cli.Run eval(Path truth, String... options) throws IOException {
        Path file = TestFiles.write(directory, "q.fvecs.gz", TestFiles.gzip(TestFiles.fvecs(queries)));
        String[] args = Stream.concat(
                        Stream.of("eval", file.toString(), "--truth", truth.toString(), "-c", "c d"),
                        Stream.of(options))
                .toArray(String[]::new);
        return cli(args);
    }

    /** The true ten neighbours of every query, the last {@code wrong} of them replaced by rows that do not exist. */
    private Path truthFile(int wrong) throws IOException {
        int[][] rows = new int[queries.length][];
        for (int q = 0; q < rows.length; q++) {
            rows[q] = truth(queries[q]);
            for (int i = 10 - wrong; i < 10; i++) {
                rows[q][i] = ROWS + i;
            }
        }
        return TestFiles.write(directory, "truth" + wrong + ".ivecs", TestFiles.ivecs(rows));
    }

    private int[] truth(float[] query) {
        return IntStream.range(0, ROWS)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> ContractServer.distance(query, vectors[i])))
                .limit(20)
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static String text(int i) {
        return Integer.toString(i);
    }

    private Cli.Run cli(String... args) {
        String[] withUrl = Arrays.copyOf(args, args.length + 2);
        withUrl[args.length] = "--url";
        withUrl[args.length + 1] = server.url();
        return Cli.run(withUrl);
    }
}
