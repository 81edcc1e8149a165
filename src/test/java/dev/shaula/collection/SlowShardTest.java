package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import dev.shaula.shard.LocalShard;
import dev.shaula.shard.Shard;
import dev.shaula.shard.ShardRuntime;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Thousands of writers against a shard that is held back, with room for a few hundred points in flight. */
@NullMarked
class SlowShardTest {
    private static final int WRITERS = 2_000;
    private static final int POINTS_PER_WRITER = 4;
    private static final int WRITES_PER_SECOND = 4_000;
    private static final int DIMENSIONS = 8;
    private static final long BUDGET = 64 << 10;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private final Vertx vertx = Vertx.vertx();
    private final ByteBudget budget = new ByteBudget(BUDGET);
    private final CollectionConfig config = new CollectionConfig("slow", DIMENSIONS, Metric.EUCLIDEAN, 1, 8, 40, true);
    private final ConcurrentLinkedQueue<Integer> acknowledged = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Integer> refused = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Throwable> surprises = new ConcurrentLinkedQueue<>();
    private final CountDownLatch answers = new CountDownLatch(WRITERS);

    private ShardedCollection collection(Shard shard, Duration longestWait) {
        return new ShardedCollection(
                config,
                Instant.EPOCH,
                List.of(shard),
                new Admission(budget, new UpsertStream.Bounds(64, 4 << 10), longestWait),
                new Scrolls(Scrolls.Bounds.defaults(), System::nanoTime),
                new DeclaredIndexes(Declarations.NONE, 0, new Worker(vertx), declared -> {}));
    }

    /** All of one writer: its last point replaces its first. */
    private static List<Point> pointsOf(int writer) {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < POINTS_PER_WRITER; i++) {
            float[] vector = new float[DIMENSIONS];
            vector[0] = writer;
            vector[1] = i;
            String id = "w" + writer + "-" + i % (POINTS_PER_WRITER - 1);
            points.add(new Point(id, vector, Metadata.ofJson("{\"turn\":" + i + "}")));
        }
        return points;
    }

    private static Uni<Long> stream(VectorCollection collection, List<Point> points) {
        return collection
                .upsert(Multi.createFrom().iterable(points), Ack.INDEXED)
                .collect()
                .asList()
                .map(slices -> slices.stream().mapToLong(WriteResult::count).sum());
    }

    private void start(int writer, Uni<Long> write) {
        write.subscribe()
                .with(
                        count -> {
                            if (count == POINTS_PER_WRITER) {
                                acknowledged.add(writer);
                            } else {
                                surprises.add(new AssertionError("writer " + writer + ": " + count));
                            }
                            answers.countDown();
                        },
                        failure -> {
                            if (failure instanceof VectorDbException e
                                    && e.kind() == VectorDbException.Kind.OVERLOADED
                                    && String.valueOf(e.getMessage()).contains("nothing of this write was stored")) {
                                refused.add(writer);
                            } else {
                                surprises.add(failure);
                            }
                            answers.countDown();
                        });
    }

    @Test
    void shouldSlowWritersDownInsteadOfLosingAnything() throws Exception {
        ShardRuntime runtime =
                ShardRuntime.open(vertx, ShardRuntime.Settings.of(data).withMaxWritesPerSecond(WRITES_PER_SECOND));
        Shard shard = get(LocalShard.open("slow/0", config, data.resolve("shard"), runtime));
        ShardedCollection patient = collection(shard, Duration.ofSeconds(60));
        ShardedCollection hasty = collection(shard, Duration.ofMillis(30));

        AtomicLong mostUsed = new AtomicLong();
        AtomicLong mostQueued = new AtomicLong();
        AtomicInteger samples = new AtomicInteger();
        Thread sampler = Thread.ofPlatform().start(() -> {
            while (answers.getCount() > 0 && !Thread.currentThread().isInterrupted()) {
                mostUsed.accumulateAndGet(budget.used(), Math::max);
                mostQueued.accumulateAndGet(shard.status().queuedBytes(), Math::max);
                samples.incrementAndGet();
                Thread.onSpinWait();
            }
        });
        long start = System.nanoTime();
        for (int w = 0; w < WRITERS; w++) {
            List<Point> points = pointsOf(w);
            start(
                    w,
                    switch (w % 4) {
                        case 0, 1 -> stream(patient, points);
                        case 2 -> patient.upsert(points, Ack.INDEXED).map(WriteResult::count);
                        default -> hasty.upsert(points, Ack.INDEXED).map(WriteResult::count);
                    });
        }
        boolean allAnswered = answers.await(90, TimeUnit.SECONDS);
        sampler.interrupt();
        sampler.join();
        double seconds = (System.nanoTime() - start) / 1e9;

        assertThat(surprises).isEmpty();
        assertThat(allAnswered).as("every writer is answered").isTrue();
        assertThat(samples).hasPositiveValue();
        assertThat(mostUsed.get()).isBetween(BUDGET / 2, BUDGET);
        assertThat(mostQueued.get()).isLessThanOrEqualTo(BUDGET);
        assertThat(budget.used()).isZero();
        assertThat(budget.waiting()).isZero();
        assertThat(acknowledged).hasSizeGreaterThanOrEqualTo(WRITERS * 3 / 4);
        assertThat(refused).allMatch(w -> w % 4 == 3);
        assertThat(refused).as("the brake was felt").isNotEmpty();
        assertThat(seconds).isGreaterThan(0.9 * acknowledged.size() * (POINTS_PER_WRITER - 1) / WRITES_PER_SECOND);

        for (int writer : acknowledged) {
            for (int i = 1; i < POINTS_PER_WRITER; i++) {
                Point expected = pointsOf(writer).get(i);
                assertThat(get(patient.get(expected.id()))).hasValueSatisfying(found -> {
                    assertThat(found.vector()).isEqualTo(expected.vector());
                    assertThat(found.metadata()).isEqualTo(expected.metadata());
                });
            }
        }
        for (int writer : refused) {
            assertThat(get(patient.get("w" + writer + "-0"))).isEmpty();
        }
        assertThat(shard.status().vectorCount()).isEqualTo(acknowledged.size() * (POINTS_PER_WRITER - 1L));
        get(shard.close());
        runtime.close();
        EmbeddedNode.get(Uni.createFrom().completionStage(vertx.close().toCompletionStage()));
    }
}
