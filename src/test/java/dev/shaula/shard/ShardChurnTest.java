package dev.shaula.shard;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.shaula.fixture.RandomVectors;
import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A whole shard, with disk and threads, whose points are replaced again and again. The long form, with latencies and
 * against a shard filled anew, is {@code ChurnBenchmark}.
 */
@NullMarked
class ShardChurnTest {
    private static final int DIMENSIONS = 24;
    private static final int POINTS = 2_500;
    private static final int REPLACEMENTS = 10;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private final Vertx vertx = Vertx.vertx();
    private final RandomVectors random = new RandomVectors(DIMENSIONS, 61);
    private @Nullable ShardRuntime runtime;
    private @Nullable LocalShard shard;

    private LocalShard open(String name) {
        return open(name, DIMENSIONS);
    }

    private LocalShard open(String name, int dimensions) {
        ShardRuntime opened = ShardRuntime.open(vertx, ShardRuntime.Settings.of(data));
        runtime = opened;
        CollectionConfig config = new CollectionConfig("things", dimensions, Metric.COSINE, 1, 16, 100, true);
        LocalShard s = (LocalShard) get(LocalShard.open("things/0", config, data.resolve(name), opened));
        shard = s;
        return s;
    }

    @AfterEach
    void close() {
        closeShard();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private void closeShard() {
        if (shard != null) {
            get(shard.close());
            shard = null;
        }
        if (runtime != null) {
            runtime.close();
            runtime = null;
        }
    }

    private static void upsert(LocalShard s, List<Point> points) {
        for (int from = 0; from < points.size(); from += 250) {
            get(s.upsert(points.subList(from, Math.min(points.size(), from + 250)), Ack.INDEXED));
        }
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    /** Dead rows are fewer than what a generation is made for, and those that wait to be taken out of the graph. */
    private static boolean isCompact(LocalShard s) {
        int rows = s.current().rows().count();
        int dead = rows - s.current().count();
        return dead < Math.max(512, rows / 4) + rows / 20;
    }

    private static void checkAll(LocalShard s, List<Point> points) {
        assertThat(s.status().vectorCount()).isEqualTo(points.size());
        for (Point point : points) {
            ScoredPoint found =
                    get(s.search(SearchRequest.of(point.vector(), 1))).getFirst();
            assertThat(found.id()).as("the point found by its own vector").isEqualTo(point.id());
            assertThat(found.metadata()).isEqualTo(point.metadata());
        }
    }

    private static double recall(LocalShard s, List<float[]> queries, int ef) {
        int hits = 0;
        for (float[] query : queries) {
            SearchRequest request = SearchRequest.of(query, 10);
            List<String> exact = get(s.search(request.withExact(true))).stream()
                    .map(ScoredPoint::id)
                    .toList();
            hits += (int) get(s.search(request.withEf(ef))).stream()
                    .filter(p -> exact.contains(p.id()))
                    .count();
        }
        return hits / (10.0 * queries.size());
    }

    @Test
    void shouldFindAsMuchAfterTenReplacementsAsAShardFilledAnewAlsoAfterAStart() {
        LocalShard s = open("churned");
        List<Point> points = List.of();
        for (int i = 0; i <= REPLACEMENTS; i++) {
            points = random.points("p", POINTS);
            upsert(s, points);
            if (i % 4 == 2) { // a machine that is slow may drop everything at once, in the end
                await("dead rows are dropped", () -> isCompact(s));
            }
        }
        assertThat(s.current().generation().number()).isGreaterThanOrEqualTo(3);
        List<float[]> queries = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            queries.add(random.next());
        }
        double churned = recall(s, queries, 20);
        checkAll(s, points);
        get(s.commit());
        closeShard();

        LocalShard again = open("churned");
        checkAll(again, points);
        assertThat(recall(again, queries, 20)).isCloseTo(churned, within(0.01));
        // Enough for the next generation; the rows of one leave when both checkpoints that are kept are of a later one.
        upsert(again, points);
        List<Point> some = points.subList(0, 10);
        await("only the rows of one generation are left", () -> {
            upsert(again, some);
            get(again.commit());
            return isCompact(again) && rowFiles("churned").size() == 1;
        });
        checkAll(again, points);
        closeShard();

        LocalShard anew = open("anew");
        upsert(anew, points);
        assertThat(churned).isGreaterThanOrEqualTo(recall(anew, queries, 20) - 0.005);
    }

    private List<String> rowFiles(String name) {
        try (Stream<Path> files = Files.list(data.resolve(name).resolve("checkpoints"))) {
            return files.map(f -> f.getFileName().toString())
                    .filter(f -> f.startsWith("rows"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void shouldGiveMemoryAndMetadataBackAfterAMassDelete() {
        int dimensions = 768; // chunks of 2,048 rows: memory comes by the chunk
        LocalShard s = open("deleted", dimensions);
        List<Point> points = new RandomVectors(dimensions, 62).points("p", 7_000);
        upsert(s, points);
        long given = givenBack(s.current().rows().memoryBytes() / 2);
        get(s.delete(points.stream().skip(500).map(Point::id).toList(), Ack.INDEXED));
        await("memory is given back", () -> NativeMemory.allocatedBytes() <= given);
        List<Point> left = points.subList(0, 500);
        checkAll(s, left);
    }

    @Test
    void shouldGiveMemoryBackWhenItIsClosed() {
        LocalShard s = open("closed");
        upsert(s, random.points("p", 30_000));
        long given = givenBack(s.current().rows().memoryBytes());
        get(s.close());
        await("memory is given back", () -> NativeMemory.allocatedBytes() <= given);
        assertThatThrownBy(() -> get(s.get("p1"))).hasMessageContaining("is closed");
    }

    /** What is allocated once so many bytes are given back. Memory of other tests may leave meanwhile, none comes. */
    private static long givenBack(long bytes) {
        assertThat(bytes).isPositive();
        return NativeMemory.allocatedBytes() - bytes;
    }

    @Test
    void shouldAnswerSearchesRightlyWhileGenerationsChange() throws Exception {
        LocalShard s = open("searched");
        List<Point> stay = random.points("stay", 1_000);
        upsert(s, stay);
        AtomicBoolean written = new AtomicBoolean();
        try (ExecutorService searchers = Executors.newSingleThreadExecutor()) {
            Future<?> searching = searchers.submit(() -> {
                while (!written.get()) {
                    checkSome(s, stay);
                }
            });
            for (int i = 0; i < 12; i++) {
                upsert(s, random.points("change", 1_000));
            }
            await("dead rows are dropped", () -> isCompact(s));
            written.set(true);
            searching.get(60, TimeUnit.SECONDS);
        }
        assertThat(s.current().generation().number()).isGreaterThan(2);
    }

    private static SearchRequest withVector(float[] query) {
        return new SearchRequest(query, 1, 0, false, Float.NEGATIVE_INFINITY, null, true, true);
    }

    private static void checkSome(LocalShard s, List<Point> stay) {
        for (int i = 0; i < stay.size(); i += 37) {
            Point point = stay.get(i);
            ScoredPoint found = get(s.search(withVector(point.vector()))).getFirst();
            assertThat(found.id()).isEqualTo(point.id());
            assertThat(found.vector()).isEqualTo(point.vector());
            assertThat(found.metadata()).isEqualTo(point.metadata());
            assertThat(get(s.get(point.id())).orElseThrow().vector()).isEqualTo(point.vector());
        }
    }
}
