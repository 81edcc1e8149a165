package dev.shaula.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Imports over real sockets, from a server that does what it is told. */
class ImportCommandTest {
    private static final long SEED = 42;
    private static final int ROWS = 1_234;
    private static final int DIMENSIONS = 13;

    private final float[][] vectors = TestFiles.randomBytes(new Random(SEED), ROWS, DIMENSIONS);

    @TempDir
    Path directory;

    private ContractServer server;

    @BeforeEach
    void start() throws IOException {
        server = new ContractServer();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Test
    void shouldImportEveryRowOfEveryFormat() throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        files.put("a.bvecs", TestFiles.bvecs(vectors));
        files.put("b.bvecs.gz", TestFiles.gzip(TestFiles.bvecs(vectors)));
        files.put("c.fvecs", TestFiles.fvecs(vectors));
        files.put("d.ndjson.gz", TestFiles.gzip(ndjson().getBytes(StandardCharsets.UTF_8)));
        files.put("e.csv", csv().getBytes(StandardCharsets.UTF_8));
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            server.rows.clear();
            Cli.Run run = run(file.getKey(), file.getValue());
            assertThat(run.exitCode()).as(file.getKey() + ": " + run.err()).isZero();
            assertThat(run.out()).contains("imported 1,234 rows", "now holds 1,234 vectors");
            assertStored(0, ROWS);
        }
    }

    @Test
    void shouldCreateTheCollectionAsAskedAndSayWhatToWaitFor() throws IOException {
        run("a.bvecs", TestFiles.bvecs(vectors), "--metric", "l2", "--shards", "3", "--ack", "durable");
        assertThat(server.collections.get("c"))
                .containsEntry("dimensions", DIMENSIONS)
                .containsEntry("metric", "euclidean")
                .containsEntry("shards", 3);
        assertThat(server.targets).contains("POST /vectors/upsert?collection=c&ack=durable");
    }

    @Test
    void shouldImportOnlyTheRowsAskedForUnderTheirOwnNumbers() throws IOException {
        Cli.Run run = run("a.bvecs", TestFiles.bvecs(vectors), "--skip", "100", "--limit", "250", "--batch", "99");
        assertThat(run.out()).contains("imported 250 rows");
        assertStored(100, 350);
        assertThat(server.firstIds).containsExactly("100", "199", "298");
    }

    @Test
    void shouldSendNoEmptyRequestWhenTheFileEndsWithABatch() throws IOException {
        Cli.Run run = run("a.bvecs", TestFiles.bvecs(vectors), "--batch", "617");
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(server.firstIds).containsExactly("0", "617");
        assertThat(server.targets)
                .filteredOn(t -> t.startsWith("POST /vectors/upsert"))
                .hasSize(2);
        assertStored(0, ROWS);
    }

    @Test
    void shouldGoOnAfterTheLastAcknowledgedRowWhenTheConnectionIsCut() throws IOException {
        AtomicBoolean cut = new AtomicBoolean();
        server.gate = (ofRequest, inAll) -> inAll == 300 && cut.compareAndSet(false, true)
                ? new ContractServer.Verdict.Cut()
                : new ContractServer.Verdict.Go();
        Cli.Run run = run("a.bvecs.gz", TestFiles.gzip(TestFiles.bvecs(vectors)));
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err()).contains("going on after row 300");
        assertThat(server.firstIds).containsExactly("0", "300");
        assertStored(0, ROWS);
    }

    /** The connection that made the collection lies idle while the rows are sent, longer than a server may keep it. */
    @Test
    void shouldConnectAnewWhenTheServerClosedAnIdleConnection() throws IOException {
        server.closeAfterEveryAnswer = true;
        Cli.Run run = run("a.bvecs", TestFiles.bvecs(vectors));
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).contains("now holds 1,234 vectors");
    }

    @Test
    void shouldWaitAndGoOnWhenTheServerIsOverloaded() throws IOException {
        server.nextUpserts.add(new ContractServer.Verdict.Refuse(503, "starting"));
        AtomicBoolean busy = new AtomicBoolean();
        server.gate = (ofRequest, inAll) -> inAll == 200 && busy.compareAndSet(false, true)
                ? new ContractServer.Verdict.Refuse(429, "too much at once")
                : new ContractServer.Verdict.Go();
        Cli.Run run = run("a.bvecs", TestFiles.bvecs(vectors));
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.err()).contains("HTTP 503 - starting", "HTTP 429 - too much at once", "after row 200");
        assertThat(server.firstIds).containsExactly("0", "200");
        assertStored(0, ROWS);
    }

    @Test
    void shouldResumeInASecondRunAndForgetOnceDone() throws IOException {
        server.gate =
                (ofRequest, inAll) -> inAll == 700 ? new ContractServer.Verdict.Cut() : new ContractServer.Verdict.Go();
        byte[] file = TestFiles.bvecs(vectors);
        Path path = TestFiles.write(directory, "a.bvecs", file);
        Cli.Run first = run(path, "--retries", "0");
        assertThat(first.exitCode()).isEqualTo(1);
        assertThat(first.err()).contains("700 rows are stored", "run the same command again");

        server.gate = (ofRequest, inAll) -> new ContractServer.Verdict.Go();
        Cli.Run second = run(path);
        assertThat(second.exitCode()).as(second.err()).isZero();
        assertThat(second.err()).contains("going on after the 700 rows of an earlier run");
        assertThat(second.out()).contains("imported 534 rows", "1,234 rows; collection \"c\" now holds 1,234");
        assertThat(server.firstIds).containsExactly("0", "700");
        assertStored(0, ROWS);

        run(path);
        assertThat(server.firstIds).containsExactly("0", "700", "0");
    }

    @Test
    void shouldStartOverWhenTheCollectionWasMadeAnewOrNotToResume() throws IOException {
        server.gate =
                (ofRequest, inAll) -> inAll == 700 ? new ContractServer.Verdict.Cut() : new ContractServer.Verdict.Go();
        Path path = TestFiles.write(directory, "a.bvecs", TestFiles.bvecs(vectors));
        run(path, "--retries", "0");
        run(path, "--retries", "0", "--no-resume");
        server.gate = (ofRequest, inAll) -> new ContractServer.Verdict.Go();
        server.collections.clear();
        server.rows.clear();
        Cli.Run run = run(path);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(server.firstIds).containsExactly("0", "0");
        assertStored(0, ROWS);
    }

    @Test
    void shouldNameFileAndRowOfABadRowAndKeepThoseBefore() throws IOException {
        byte[] file = TestFiles.bvecs(vectors);
        Cli.Run run = run("cut.bvecs", Arrays.copyOf(file, file.length - 1));
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err())
                .contains("cut.bvecs: row 1233: truncated, expected 13 bytes", "the 1,233 rows before it are stored");
        assertStored(0, ROWS - 1);
    }

    @Test
    void shouldReportARefusalOfTheServerAndNotTryAgain() throws IOException {
        server.gate = (ofRequest, inAll) -> inAll == 500
                ? new ContractServer.Verdict.Refuse(400, "vectors[512].vector: wrong length")
                : new ContractServer.Verdict.Go();
        Cli.Run run = run("a.bvecs", TestFiles.bvecs(vectors));
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("HTTP 400 - vectors[512].vector: wrong length", "500 rows are stored");
        assertThat(server.firstIds).containsExactly("0");
    }

    @Test
    void shouldReportAnAnswerThatComesBeforeTheBodyIsRead() throws IOException {
        server.nextUpserts.add(new ContractServer.Verdict.Refuse(413, "no room"));
        float[][] large = TestFiles.randomVectors(new Random(SEED), 2_000, 512); // more than any socket buffer
        Cli.Run run = run("a.fvecs", TestFiles.fvecs(large));
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("HTTP 413 - no room", "0 rows are stored");
    }

    @Test
    void shouldRefuseACollectionOfOtherShapeBeforeSendingARow() throws IOException {
        run("a.bvecs", TestFiles.bvecs(vectors));
        Cli.Run dimensions = run("b.fvecs", TestFiles.fvecs(new float[][] {{1, 2, 3}}));
        assertThat(dimensions.exitCode()).isEqualTo(1);
        assertThat(dimensions.err()).contains("has dimensions 13", "b.fvecs has 3");
        Cli.Run metric = run("a.bvecs", TestFiles.bvecs(vectors), "--metric", "dot");
        assertThat(metric.exitCode()).isEqualTo(1);
        assertThat(metric.err()).contains("has metric cosine, --metric asks for dot");
        assertThat(server.firstIds).containsExactly("0");
    }

    @Test
    void shouldSayWhatIsWrongWithTheFile() throws IOException {
        assertThat(run("empty.fvecs", new byte[0]).err()).contains("empty.fvecs: holds no rows");
        byte[] header = Arrays.copyOf(TestFiles.gzip(new byte[8]), 7);
        assertThat(run("g.fvecs.gz", header).err()).contains("g.fvecs.gz: the gzip header is damaged or truncated");
        assertThat(run("x.bin", new byte[8]).err()).contains("x.bin: the name does not tell the format");
        assertThat(run(directory.resolve("none.fvecs")).err()).contains("none.fvecs: no such file");
        assertThat(run("n.ivecs", TestFiles.ivecs(new int[][] {{1}})).err()).contains("not vectors");
        assertThat(server.targets).isEmpty();
    }

    /**
     * A server that reads one slice and then nothing: the import must come to rest with no more sent than the sockets
     * hold, however large the file is.
     */
    @Test
    void shouldNotReadAheadOfAServerThatDoesNotRead() throws Exception {
        float[][] large = TestFiles.randomVectors(new Random(SEED), 10_000, 512);
        SourceFile file = SourceFile.of(TestFiles.write(directory, "large.fvecs", TestFiles.fvecs(large)));
        CountDownLatch release = new CountDownLatch(1);
        server.gate = (ofRequest, inAll) -> {
            release.await();
            return new ContractServer.Verdict.Go();
        };
        ImportProgress progress = progress(file);
        List<String> notices = Collections.synchronizedList(new ArrayList<>());
        ImportJob job = new ImportJob(plan(file), state(), 0, progress, notices::add);
        CompletableFuture<Void> running = CompletableFuture.runAsync(() -> runToEnd(job));

        awaitRest(progress);
        long ahead = progress.sentBytes() - server.bodyBytes.get();
        // Send buffer (doubled by the kernel), the server's receive buffer, and one write on its way.
        assertThat(ahead).isLessThan(2L * HttpConnection.SEND_BUFFER_BYTES + (2 << 20));
        assertThat(progress.sentBytes()).isLessThan(file.size() / 3);
        assertThat(running).isNotDone();

        release.countDown();
        running.get(60, TimeUnit.SECONDS);
        assertThat(server.rows).hasSize(10_000);
        assertThat(progress.sentBytes()).isGreaterThan(file.size());
        assertThat(notices).isEmpty();
    }

    /** Waits until nothing was sent for half a second. */
    private static void awaitRest(ImportProgress progress) throws InterruptedException {
        long last = -1;
        long sinceNs = System.nanoTime();
        while (last <= 0 || System.nanoTime() - sinceNs < 500_000_000L) {
            long sent = progress.sentBytes();
            if (sent != last) {
                last = sent;
                sinceNs = System.nanoTime();
            }
            Thread.sleep(10);
        }
    }

    private static void runToEnd(ImportJob job) {
        try {
            job.run();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ImportProgress progress(SourceFile file) {
        PrintWriter out = new PrintWriter(new StringWriter());
        return new ImportProgress(out, ImportProgress.Style.NONE, file, Long.MAX_VALUE, 0);
    }

    private ImportJob.Plan plan(SourceFile file) {
        return new ImportJob.Plan(
                file,
                FileFormat.FVECS,
                "",
                URI.create(server.url()),
                "/vectors/upsert?collection=c",
                0,
                Long.MAX_VALUE,
                Long.MAX_VALUE,
                0,
                Duration.ofMinutes(1),
                Duration.ofMillis(1));
    }

    private ImportState state() {
        return new ImportState(directory.resolve("state"), "target", new TreeMap<>());
    }

    private Cli.Run run(String name, byte[] content, String... options) throws IOException {
        return run(TestFiles.write(directory, name, content), options);
    }

    private Cli.Run run(Path file, String... options) {
        List<String> args = new ArrayList<>(List.of("import", file.toString(), "--collection", "c"));
        args.addAll(List.of(
                "--url", server.url(), "--state-dir", directory.resolve("state").toString()));
        args.addAll(List.of(options));
        return Cli.run(args.toArray(String[]::new));
    }

    private void assertStored(int from, int to) {
        assertThat(server.rows).hasSize(to - from);
        for (int i = from; i < to; i++) {
            Map<String, @Nullable Object> row = server.rows.getOrDefault(Integer.toString(i), Map.of());
            assertThat(Json.vector(row.get("vector"), "row " + i)).containsExactly(vectors[i]);
        }
    }

    private String ndjson() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < ROWS; i++) {
            text.append("{\"id\":").append(i).append(",\"vector\":").append(Json.write(vectors[i]));
            text.append("}\n");
        }
        return text.toString();
    }

    private String csv() {
        StringBuilder text = new StringBuilder("id,vector\n");
        for (int i = 0; i < ROWS; i++) {
            text.append(i).append(",\"").append(Json.write(vectors[i])).append("\"\n");
        }
        return text.toString();
    }
}
