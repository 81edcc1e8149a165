package dev.shaula.collection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import dev.shaula.shard.LocalShard;
import dev.shaula.shard.Shard;
import dev.shaula.shard.ShardRuntime;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A write that one shard takes and another refuses. */
@NullMarked
class PartialWriteTest {
    private static final CollectionConfig CONFIG = new CollectionConfig("partly", 2, Metric.COSINE, 2, 8, 40, true);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    @Test
    void shouldSayHowMuchIsStoredWhenAShardRefusesItsPart() {
        Vertx vertx = Vertx.vertx();
        ShardRuntime runtime = ShardRuntime.open(vertx, ShardRuntime.Settings.of(data));
        Shard healthy = EmbeddedNode.get(LocalShard.open("partly/0", CONFIG, data.resolve("shard"), runtime));
        ShardedCollection collection = new ShardedCollection(
                CONFIG,
                Instant.EPOCH,
                List.of(healthy, QuarantinedShard.damaged("partly/1", "checksum")),
                new Admission(new ByteBudget(1 << 20), new UpsertStream.Bounds(64, 1 << 16), Duration.ofSeconds(30)),
                new Scrolls(Scrolls.Bounds.defaults(), System::nanoTime),
                new DeclaredIndexes(Declarations.NONE, 0, new Worker(vertx), declared -> {}));
        List<Point> points = IntStream.range(0, 50)
                .mapToObj(i -> new Point("p" + i, new float[] {i, 1}, Metadata.EMPTY))
                .toList();

        VectorDbException refusal = catchThrowableOfType(
                VectorDbException.class, () -> EmbeddedNode.get(collection.upsert(points, Ack.INDEXED)));

        long stored = healthy.status().vectorCount();
        assertThat(stored).isBetween(1L, 49L);
        assertThat(refusal)
                .hasMessage("shard partly/1 is quarantined: checksum; 1 of 2 shards did their part of this write ("
                        + stored + " points), the rest was not acknowledged");
        assertThat(refusal.kind()).isEqualTo(VectorDbException.Kind.UNAVAILABLE);
        EmbeddedNode.get(healthy.close());
        runtime.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
