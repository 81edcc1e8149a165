package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.Limits;
import dev.shaula.model.LiveChange;
import dev.shaula.model.LiveEvent;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.VectorDbException;
import dev.shaula.oracle.OracleFilter;
import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Live queries over three real shards that are written to while subscribers come, dawdle and go. */
@NullMarked
@Timeout(120)
class LiveCollectionTest {
    private static final int DIMENSIONS = 6;
    private static final int SHARDS = 3;
    private static final int IDS = 80;
    private static final int BATCHES = 300;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    @SuppressWarnings("NullAway.Init") // set before each test
    private EmbeddedNode node;

    @SuppressWarnings("NullAway.Init") // set before each test
    private ShardedCollection collection;

    /** What each shard held at each of its sequence numbers. */
    private final List<Map<Long, Map<String, Point>>> history = new ArrayList<>();

    private final Map<String, Point> now = new HashMap<>();

    @BeforeEach
    void open() {
        node = new EmbeddedNode(data);
        collection = (ShardedCollection)
                node.create(new CollectionConfig("live", DIMENSIONS, Metric.EUCLIDEAN, SHARDS, 8, 40, true));
        IntStream.range(0, SHARDS).forEach(s -> history.add(new HashMap<>()));
        remember();
    }

    @AfterEach
    void close() {
        node.close();
    }

    private void remember() {
        List<Long> sequences = collection.sequences();
        for (int s = 0; s < SHARDS; s++) {
            int shard = s;
            history.get(s).computeIfAbsent(sequences.get(s), sequence -> {
                Map<String, Point> held = new HashMap<>(now);
                held.keySet().removeIf(id -> Routing.shardOf(id, SHARDS) != shard);
                return held;
            });
        }
    }

    private void upsert(List<Point> points) {
        get(collection.upsert(points, Ack.INDEXED));
        points.forEach(point -> now.put(point.id(), point));
        remember();
    }

    private void delete(List<String> ids) {
        get(collection.delete(ids, Ack.INDEXED));
        ids.forEach(now::remove);
        remember();
    }

    private static Point point(Random random, String id) {
        float[] vector = new float[DIMENSIONS];
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return new Point(id, vector, Metadata.ofJson("{\"n\":" + random.nextInt(10) + "}"));
    }

    private void write(Random random) {
        if (random.nextInt(3) == 0) {
            delete(IntStream.rangeClosed(0, random.nextInt(10))
                    .mapToObj(i -> "p" + random.nextInt(IDS))
                    .distinct()
                    .toList());
        } else {
            upsert(IntStream.rangeClosed(0, random.nextInt(6))
                    .mapToObj(i -> point(random, "p" + random.nextInt(IDS)))
                    .toList());
        }
    }

    /** A subscriber that checks nothing while it runs, so that it keeps pace. */
    private final class Watcher {
        private final LiveQuery query;
        private final AssertSubscriber<LiveChange> subscriber;

        Watcher(LiveQuery query, long demand) {
            this.query = query;
            this.subscriber = collection.subscribe(query).subscribe().withSubscriber(AssertSubscriber.create(demand));
        }

        /** Compares every answer that it was led to with the oracle; returns the last. */
        List<ScoredPoint> check(String when) {
            List<ScoredPoint> answer = List.of();
            boolean first = true;
            for (LiveChange change : List.copyOf(subscriber.getItems())) {
                assertThat(first || !change.events().isEmpty()).as(when).isTrue();
                first = false;
                answer = change.applyTo(answer);
                List<Point> held = new ArrayList<>();
                for (int s = 0; s < SHARDS; s++) {
                    Map<String, Point> state =
                            history.get(s).get(change.sequences().get(s));
                    assertThat(state)
                            .as("%s: shard %d at %s", when, s, change.sequences())
                            .isNotNull();
                    held.addAll(state.values());
                }
                assertThat(isSame(answer, nearest(held)))
                        .as("%s: expected %s, was %s", when, nearest(held), answer)
                        .isTrue();
            }
            return answer;
        }

        List<ScoredPoint> nearest(List<Point> points) {
            return points.stream()
                    .filter(point -> query.filter() == null || OracleFilter.matches(query.filter(), point.metadata()))
                    .map(point -> new ScoredPoint(point.id(), score(point), null, point.metadata()))
                    .filter(point -> point.score() >= query.minScore())
                    .sorted(Comparator.comparingDouble((ScoredPoint point) -> -point.score()))
                    .limit(query.k())
                    .toList();
        }

        private float score(Point point) {
            double squares = 0;
            for (int i = 0; i < DIMENSIONS; i++) {
                double difference = (double) point.vector()[i] - query.vector()[i];
                squares += difference * difference;
            }
            return Metric.EUCLIDEAN.score((float) squares);
        }

        /** The same points with the same scores, but for the last bits: the oracle adds in another order. */
        private boolean isSame(List<ScoredPoint> answer, List<ScoredPoint> expected) {
            return answer.size() == expected.size()
                    && described(answer).equals(described(expected))
                    && IntStream.range(0, answer.size())
                            .allMatch(i -> Math.abs(answer.get(i).score()
                                            - expected.get(i).score())
                                    < 1e-5f);
        }

        private Set<String> described(List<ScoredPoint> answer) {
            return answer.stream()
                    .map(point -> point.id() + " " + point.metadata())
                    .collect(Collectors.toSet());
        }

        boolean isAt(List<Point> points) {
            List<ScoredPoint> answer = List.of();
            for (LiveChange change : List.copyOf(subscriber.getItems())) {
                answer = change.applyTo(answer);
            }
            return isSame(answer, nearest(points));
        }
    }

    private LiveQuery query(Random random) {
        boolean byScore = random.nextInt(3) == 0;
        return new LiveQuery(
                point(random, "q").vector(),
                byScore ? Limits.MAX_LIVE_K : 1 + random.nextInt(20),
                byScore ? random.nextFloat(0, 0.3f) : Float.NEGATIVE_INFINITY,
                random.nextBoolean()
                        ? null
                        : new Filter.Compare("n", Filter.Op.LT, Filter.Value.of(1 + random.nextInt(9))),
                false,
                true);
    }

    @Test
    void shouldLeadEverySubscriberFromOneExactAnswerToTheNext() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        List<Watcher> eager = new ArrayList<>();
        List<Watcher> slow = new ArrayList<>();
        for (int batch = 0; batch < BATCHES; batch++) {
            if (random.nextInt(10) == 0) {
                eager.add(new Watcher(query(random), Long.MAX_VALUE));
                slow.add(new Watcher(query(random), 1));
            }
            write(random);
            if (random.nextInt(20) == 0) {
                slow.forEach(watcher -> watcher.subscriber.request(1));
            }
        }
        List<Point> last = List.copyOf(now.values());
        for (Watcher watcher : eager) {
            await(() -> watcher.isAt(last), "seed " + seed);
            watcher.check("eager, seed " + seed);
        }
        int told = 0;
        for (Watcher watcher : slow) {
            watcher.subscriber.request(2);
            await(() -> watcher.isAt(last), "slow, seed " + seed);
            watcher.check("slow, seed " + seed);
            told += watcher.subscriber.getItems().size();
        }
        assertThat(told).as("changes that slow readers got").isLessThan(slow.size() * BATCHES / 4);
        eager.forEach(watcher -> watcher.subscriber.assertNotTerminated().cancel());
        slow.forEach(watcher -> watcher.subscriber.assertNotTerminated().cancel());
        await(() -> node.collections().runtime().liveQueryBytes() == 0, "everything is given back");
    }

    @Test
    void shouldHoldNoMoreForAReaderThatDoesNotReadThanForOneThatDoes() {
        Random random = new Random(7);
        int k = 10;
        Watcher idle =
                new Watcher(new LiveQuery(new float[DIMENSIONS], k, Float.NEGATIVE_INFINITY, null, false, true), 1);
        await(() -> idle.subscriber.getItems().size() == 1, "the first answer");
        long most = 0;
        for (int batch = 0; batch < BATCHES; batch++) {
            write(random);
            most = Math.max(most, node.collections().runtime().liveQueryBytes());
        }
        assertThat(idle.subscriber.getItems()).hasSize(1);
        assertThat(most).isBetween(1L, SHARDS * (512 + 18 * 512L));

        List<Point> last = List.copyOf(now.values());
        // A round serves subscribers in the order in which they came: when this one is there, the idle one is.
        Watcher eager = new Watcher(idle.query, Long.MAX_VALUE);
        await(() -> eager.isAt(last), "the newest answer");
        idle.subscriber.request(1);
        await(() -> idle.subscriber.getItems().size() == 2, "one change for all");
        assertThat(idle.isAt(last)).isTrue();
        assertThat(idle.check("idle")).hasSize(k);
        List<LiveEvent> events = idle.subscriber.getItems().getLast().events();
        assertThat(events).hasSizeLessThanOrEqualTo(2 * k);
    }

    @Test
    void shouldEndWithTheCollection() {
        upsert(List.of(point(new Random(1), "p1")));
        Watcher watcher = new Watcher(query(new Random(2)), 1);
        await(() -> watcher.subscriber.getItems().size() == 1, "the first answer");

        get(node.collections().drop("live"));

        watcher.subscriber
                .awaitFailure(Duration.ofSeconds(10))
                .assertFailedWith(VectorDbException.class, "collection \"live\" does not exist");
        collection
                .subscribe(query(new Random(2)))
                .subscribe()
                .withSubscriber(AssertSubscriber.create(1))
                .assertFailedWith(VectorDbException.class, "does not exist");
    }

    @Test
    void shouldRefuseAVectorOfAnotherLength() {
        collection
                .subscribe(new LiveQuery(new float[2], 1, 0, null, false, false))
                .subscribe()
                .withSubscriber(AssertSubscriber.create(1))
                .assertFailedWith(VectorDbException.class, "vector: expected 6 numbers");
    }

    private static void await(BooleanSupplier reached, String what) {
        long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!reached.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(until);
            Thread.onSpinWait();
        }
    }
}
