package dev.shaula.shard;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint puts its row file in the place of memory beside searches, which must not show but in what is resident. */
@NullMarked
class RowsInFilesTest {
    /** 1,024 rows fill a chunk. */
    private static final int DIMENSIONS = 1_536;

    private static final CollectionConfig CONFIG =
            new CollectionConfig("things", DIMENSIONS, Metric.COSINE, 1, 8, 60, true);

    private final RandomVectors vectors = new RandomVectors(DIMENSIONS, 81);
    private final List<Point> points = vectors.points("p", 2_500);
    private final List<SearchRequest> queries = Stream.generate(vectors::next)
            .limit(5)
            .map(vector -> SearchRequest.of(vector, 10).withExact(true))
            .toList();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    @Test
    void shouldAnswerAlikeBeforeWhileAndAfterRowsMoveToTheirFile() throws IOException {
        Vertx vertx = Vertx.vertx();
        List<List<ScoredPoint>> answers;
        try (ShardRuntime runtime = ShardRuntime.open(vertx, ShardRuntime.Settings.of(data))) {
            LocalShard shard = open(runtime);
            upsert(shard, 0, 2_200);
            answers = answers(shard);
            CompletableFuture<?> committed = shard.commit().subscribeAsCompletionStage();
            do {
                assertThat(answers(shard)).isEqualTo(answers);
            } while (!committed.isDone());
            committed.join();
            assertThat(isRowFileMapped()).isTrue();
            assertThat(answers(shard)).isEqualTo(answers);
            upsert(shard, 2_200, 2_500);
            get(shard.commit());
            shouldHoldAll(shard);
            answers = answers(shard);
            get(shard.close());
        }
        try (ShardRuntime runtime = ShardRuntime.open(vertx, ShardRuntime.Settings.of(data))) {
            LocalShard shard = open(runtime);
            shouldHoldAll(shard);
            assertThat(answers(shard)).isEqualTo(answers);
            get(shard.close());
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    private LocalShard open(ShardRuntime runtime) {
        return (LocalShard) get(LocalShard.open("things/0", CONFIG, data.resolve("shard"), runtime));
    }

    private void upsert(LocalShard shard, int from, int to) {
        for (int at = from; at < to; at += 100) {
            get(shard.upsert(points.subList(at, at + 100), Ack.INDEXED));
        }
    }

    private List<List<ScoredPoint>> answers(LocalShard shard) {
        List<List<ScoredPoint>> answers = new ArrayList<>();
        queries.forEach(query -> answers.add(get(shard.search(query))));
        return answers;
    }

    private void shouldHoldAll(LocalShard shard) {
        for (Point point : points) {
            assertThat(shard.current().get(point.id()).orElseThrow().vector()).containsExactly(point.vector());
        }
    }

    /** Whether row files are mapped; taken for granted where the system does not say. */
    private static boolean isRowFileMapped() throws IOException {
        Path maps = Path.of("/proc/self/maps");
        return !Files.exists(maps)
                || Files.readAllLines(maps).stream().anyMatch(line -> line.endsWith("/shard/checkpoints/rows"));
    }
}
