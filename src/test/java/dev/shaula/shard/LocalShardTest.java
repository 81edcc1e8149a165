package dev.shaula.shard;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import dev.shaula.storage.LogRecord;
import dev.shaula.storage.RocksShardStore;
import dev.shaula.storage.Write;
import io.smallrye.mutiny.helpers.test.UniAssertSubscriber;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
class LocalShardTest {
    private static final int DIMENSIONS = 16;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private final Vertx vertx = Vertx.vertx();
    private @Nullable ShardRuntime runtime;
    private @Nullable LocalShard shard;

    private LocalShard open(int maxWritesPerSecond) {
        ShardRuntime opened =
                ShardRuntime.open(vertx, ShardRuntime.Settings.of(data).withMaxWritesPerSecond(maxWritesPerSecond));
        runtime = opened;
        CollectionConfig config = new CollectionConfig("things", DIMENSIONS, Metric.COSINE, 1, 8, 60, true);
        LocalShard s = (LocalShard) get(LocalShard.open("things/0", config, data.resolve("shard"), opened));
        shard = s;
        return s;
    }

    @AfterEach
    void close() {
        if (shard != null) {
            get(shard.close());
        }
        if (runtime != null) {
            runtime.close();
        }
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    /** A list that fails while the shard's thread reads it, as when memory runs out in the middle of a batch. */
    private static List<Point> failingOnceItIsRead() {
        Point point = new Point("bad", new float[DIMENSIONS], Metadata.EMPTY);
        return new AbstractList<>() {
            @Override
            public Point get(int index) {
                if (Thread.currentThread().getName().contains("shaula-shard")) {
                    throw new OutOfMemoryError("made up by a test");
                }
                return point;
            }

            @Override
            public int size() {
                return 1;
            }
        };
    }

    private record Answers(List<List<ScoredPoint>> found, Optional<Point> got, int count) {
        static Answers of(ShardSnapshot snapshot, List<float[]> queries) {
            Filter filter = new Filter.Compare("n", Filter.Op.GTE, new Filter.Value.Num(700));
            List<List<ScoredPoint>> found = new ArrayList<>();
            for (float[] query : queries) {
                SearchRequest request = SearchRequest.of(query, 10);
                found.add(snapshot.search(request, new SearchScratch()));
                found.add(snapshot.search(request.withExact(true), new SearchScratch()));
                found.add(snapshot.search(request.withFilter(filter), new SearchScratch()));
            }
            return new Answers(found, snapshot.get("p5"), snapshot.count());
        }

        void assertSame(Answers other) {
            assertThat(other.found()).isEqualTo(found);
            assertThat(other.count()).isEqualTo(count);
            assertThat(other.got().map(Point::metadata)).isEqualTo(got.map(Point::metadata));
            assertThat(other.got().map(Point::vector).orElseThrow())
                    .isEqualTo(got.map(Point::vector).orElseThrow());
        }
    }

    @Test
    void shouldAnswerFromOneSnapshotAlikeHoweverManyBatchesFollow() {
        LocalShard s = open(0);
        RandomVectors random = new RandomVectors(DIMENSIONS, 11);
        get(s.upsert(random.points("p", 2_500), Ack.INDEXED));
        List<float[]> queries = List.of(random.next(), random.next(), random.next(), random.next());
        LocalShard.Held held = s.hold();
        ShardSnapshot old = held.snapshot();
        Answers before = Answers.of(old, queries);
        for (int batch = 0; batch < 100; batch++) {
            get(s.upsert(random.points("p", 30), Ack.INDEXED));
            get(s.upsert(random.points("new" + batch + "-", 20), Ack.INDEXED));
            get(s.delete(List.of("p" + (100 + batch)), Ack.INDEXED));
            if (batch % 25 == 0) {
                before.assertSame(Answers.of(old, queries));
            }
        }
        before.assertSame(Answers.of(old, queries));
        held.close();
        assertThat(s.current().count()).isEqualTo(2_500 + 2_000 - 100);
        assertThat(Answers.of(s.current(), queries).found()).isNotEqualTo(before.found());
    }

    @Test
    void shouldAnswerEveryWriteThoughTheShardFailsInTheMiddleOfABatch() {
        LocalShard s = open(0);
        Point good = new Point("good", new float[DIMENSIONS], Metadata.EMPTY);
        get(s.upsert(List.of(good), Ack.INDEXED));
        assertThatThrownBy(() -> get(s.upsert(failingOnceItIsRead(), Ack.INDEXED)))
                .isInstanceOfSatisfying(
                        VectorDbException.class,
                        e -> assertThat(e.kind()).isEqualTo(VectorDbException.Kind.UNAVAILABLE))
                .hasMessageContaining("things/0: stopped writing after")
                .hasMessageContaining("made up by a test");
        assertThatThrownBy(() -> get(s.upsert(List.of(good), Ack.INDEXED))).hasMessageContaining("stopped writing");
        assertThat(get(s.get("good"))).isPresent();
        assertThat(s.status().failure())
                .startsWith("things/0: stopped writing after")
                .contains("made up by a test");
        assertThat(s.status().queuedBytes()).isZero();
    }

    @Test
    void shouldCountTheBatchThatIsBeingWritten() {
        LocalShard s = open(1); // the answer comes a second after the point can be found
        Point point = new Point("p", new float[DIMENSIONS], Metadata.EMPTY);
        var answer = s.upsert(List.of(point), Ack.INDEXED).subscribeAsCompletionStage();
        while (s.status().vectorCount() == 0) {
            Thread.onSpinWait();
        }
        long queued = s.status().queuedBytes();
        assertThat(answer).isNotDone();
        assertThat(queued).isGreaterThanOrEqualTo(4L * DIMENSIONS);
        answer.join();
        assertThat(s.status().queuedBytes()).isZero();
        assertThat(s.status().failure()).isNull();
    }

    /** Rows that wait to be linked must not keep a shard busy that does not link any more. */
    @Test
    void shouldRestOnceItHasStoppedWriting() throws Exception {
        LocalShard s = open(0);
        assertThat(runtime).isNotNull();
        runtime.linkPool().close(); // now linking fails, where there is more than one core
        RandomVectors random = new RandomVectors(DIMENSIONS, 5);
        get(s.upsert(random.points("p", 2_000), Ack.INDEXED));
        get(s.upsert(random.points("q", 1), Ack.INDEXED).onFailure().recoverWithNull());
        Thread writer = Thread.getAllStackTraces().keySet().stream()
                .filter(t -> t.getName().startsWith("shaula-shard-things/0"))
                .findFirst()
                .orElseThrow();
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        int atRest = 0;
        while (atRest < 50) {
            assertThat(System.nanoTime()).as("the shard's thread comes to rest").isLessThan(deadline);
            Thread.sleep(1); // between two samples
            atRest = writer.getState() == Thread.State.WAITING ? atRest + 1 : 0;
        }
    }

    /** Else the lock and the memory of a quarantined shard stay with the process. */
    @Test
    void shouldReleaseItsFilesWhenItCannotRecover() {
        ShardRuntime opened = ShardRuntime.open(vertx, ShardRuntime.Settings.of(data));
        runtime = opened;
        Path home = data.resolve("shard");
        Point point = new Point("a", new float[DIMENSIONS], Metadata.EMPTY);
        RocksShardStore store = RocksShardStore.open(home, opened.storeOptions(), opened.storage());
        store.append(new LogRecord(0, List.of(new Write.Upsert(5, Write.NONE, point))));
        store.close();
        CollectionConfig config = new CollectionConfig("things", DIMENSIONS, Metric.COSINE, 1, 8, 60, true);
        for (int attempt = 0; attempt < 2; attempt++) {
            assertThatThrownBy(() -> get(LocalShard.open("things/0", config, home, opened)))
                    .hasMessageContaining("log gives ordinal 5");
        }
    }

    @Test
    void shouldAnswerWhatItHasAcceptedWhenItIsClosedWithoutHoldingBack() {
        LocalShard s = open(10);
        RandomVectors random = new RandomVectors(DIMENSIONS, 3);
        List<UniAssertSubscriber<WriteResult>> answers = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            answers.add(s.upsert(random.points("w" + i + "-", 10), Ack.INDEXED)
                    .subscribe()
                    .withSubscriber(UniAssertSubscriber.create()));
        }
        // At ten writes a second they would take a minute.
        s.close().await().atMost(Duration.ofSeconds(20));
        answers.forEach(UniAssertSubscriber::assertCompleted);
        UniAssertSubscriber<WriteResult> late = s.upsert(random.points("late", 1), Ack.INDEXED)
                .subscribe()
                .withSubscriber(UniAssertSubscriber.create());
        late.assertFailedWith(VectorDbException.class, "is closed; nothing of this write was stored");
    }
}
