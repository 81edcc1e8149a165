package dev.shaula.shard;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.SetClock;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Expiry;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@NullMarked
@Timeout(120)
class ExpiryTest {
    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private final Vertx vertx = Vertx.vertx();
    private @Nullable ShardRuntime runtime;
    private @Nullable Shard shard;

    private Shard open(InstantSource clock) {
        ShardRuntime opened = ShardRuntime.open(vertx, ShardRuntime.Settings.of(data), clock);
        runtime = opened;
        CollectionConfig config = new CollectionConfig("things", 2, Metric.EUCLIDEAN, 1, 8, 60, true);
        Shard s = get(LocalShard.open("things/0", config, data.resolve("shard"), opened));
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

    private static Point point(String id, Expiry expiry) {
        return new Point(id, new float[] {1, 2}, Metadata.EMPTY).withExpiry(expiry);
    }

    /** A timer wakes the shard's thread: nobody reads or writes meanwhile. */
    @Test
    void shouldDeleteWhatHasExpiredThoughNobodyAsks() {
        Shard s = open(InstantSource.system());
        get(s.upsert(List.of(point("a", new Expiry.After(1)), point("b", Expiry.NEVER)), Ack.INDEXED));
        while (s.status().sequence() < 1) {
            Thread.onSpinWait();
        }
        assertThat(s.status().vectorCount()).isEqualTo(1);
    }

    @Test
    void shouldDeleteManyThatExpireAtOnceInSeveralSteps() {
        SetClock clock = new SetClock(0);
        Shard s = open(clock);
        get(s.upsert(
                IntStream.range(0, 5_000)
                        .mapToObj(i -> point("p" + i, Expiry.at(i % 2 == 0 ? 10 : 20)))
                        .toList(),
                Ack.INDEXED));
        clock.set(9);
        assertThat(get(s.count(null))).isEqualTo(5_000);
        clock.set(10);
        assertThat(get(s.count(null))).isEqualTo(2_500);
        long first = s.status().sequence();
        while (s.status().sequence() < 3) { // 2,500 in steps of 1,024
            Thread.onSpinWait();
        }
        assertThat(first).isLessThanOrEqualTo(3);
        assertThat(get(s.search(SearchRequest.of(new float[2], 10_000)))).hasSize(2_500);
        clock.set(20);
        assertThat(get(s.search(SearchRequest.of(new float[2], 10)))).isEmpty();
    }

    @Test
    void shouldTellLiveQueriesThatAPointIsGone() throws InterruptedException {
        SetClock clock = new SetClock(0);
        Shard s = open(clock);
        get(s.upsert(List.of(point("a", Expiry.at(10)), point("b", Expiry.NEVER)), Ack.INDEXED));
        BlockingQueue<List<String>> answers = new LinkedBlockingQueue<>();
        var live = s.watch(LiveQuery.of(SearchRequest.of(new float[2], 5)))
                .map(answer -> answer.points().stream().map(ScoredPoint::id).toList())
                .subscribe()
                .with(answers::add);
        assertThat(answers.poll(60, TimeUnit.SECONDS)).containsExactlyInAnyOrder("a", "b");
        clock.set(10);
        assertThat(get(s.get("a"))).isEmpty();
        List<String> next = answers.poll(60, TimeUnit.SECONDS);
        assertThat(next).containsExactly("b");
        live.cancel();
    }
}
