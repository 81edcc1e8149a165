package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.Limits;
import dev.shaula.model.LiveQuery;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.VectorDbException;
import dev.shaula.oracle.OracleFilter;
import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Live queries of one shard, state by state, against a map that is searched by comparing with everything. */
@NullMarked
class LiveQueriesTest {
    private static final int DIMENSIONS = 7;
    private static final int IDS = 60;
    private static final int STEPS = 400;

    /** What stands under an id, and when it was written: of equal scores the newest comes first. */
    private record Written(Point point, int order) {}

    private final Map<String, Written> oracle = new LinkedHashMap<>();
    private final Queue<Consumer<SearchScratch>> waiting = new ArrayDeque<>();
    private final SearchScratch scratch = new SearchScratch();
    private final LiveBudget budget = new LiveBudget(64 << 20);
    private int writes;

    private LiveQueries queriesOf(HeapShard shard) {
        LiveQueries queries = new LiveQueries((task, dropped) -> waiting.add(task), budget, shard::hold);
        shard.onApplied(record -> queries.published(shard.snapshot(), record));
        return queries;
    }

    private void catchUp() {
        for (Consumer<SearchScratch> task = waiting.poll(); task != null; task = waiting.poll()) {
            task.accept(scratch);
        }
    }

    private static CollectionConfig config(Metric metric) {
        return new CollectionConfig("live", DIMENSIONS, metric, 1, 8, 40, true);
    }

    private record Watched(LiveQuery query, AssertSubscriber<LiveAnswer> subscriber) {}

    @ParameterizedTest
    @EnumSource(Metric.class)
    void shouldGiveTheExactAnswerAtEverySequenceNumber(Metric metric) {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        HeapShard shard = new HeapShard(config(metric));
        LiveQueries queries = queriesOf(shard);
        List<Watched> watched = new ArrayList<>();
        int unchanged = 0;
        for (int step = 0; step < STEPS; step++) {
            if (random.nextInt(12) == 0) {
                LiveQuery query = query(random, metric);
                watched.add(new Watched(
                        query,
                        queries.watch(query).subscribe().withSubscriber(AssertSubscriber.create(Long.MAX_VALUE))));
            }
            if (watched.size() > 20) {
                watched.remove(random.nextInt(watched.size())).subscriber().cancel();
            }
            // Now and then several batches before anybody looks: the rounds then do the work of many.
            for (int batches = random.nextInt(10) == 0 ? 3 : 1; batches > 0; batches--) {
                write(shard, random);
            }
            if (random.nextInt(5) == 0) {
                shard.link();
            }
            catchUp();
            for (Watched each : watched) {
                LiveAnswer answer = each.subscriber().getItems().getLast();
                assertThat(answer.sequence())
                        .as("seed %d, step %d", seed, step)
                        .isEqualTo(shard.snapshot().sequence());
                assertSame(answer.points(), nearest(each.query(), metric), "seed " + seed + ", step " + step);
            }
            unchanged += (int) watched.stream()
                    .map(each -> each.subscriber().getItems())
                    .filter(items -> items.size() > 1
                            && items.getLast().version()
                                    == items.get(items.size() - 2).version())
                    .count();
        }
        assertThat(unchanged).as("answers that no write touched").isPositive();
        watched.forEach(each -> each.subscriber().assertNotTerminated().cancel());
        assertThat(budget.used()).isZero();
    }

    private LiveQuery query(Random random, Metric metric) {
        boolean byScore = random.nextInt(3) == 0;
        int k = byScore ? Limits.MAX_LIVE_K : 1 + random.nextInt(30);
        float minScore = byScore
                ? switch (metric) {
                    case COSINE -> random.nextFloat() - 0.5f;
                    case DOT -> random.nextFloat(-2, 2);
                    case EUCLIDEAN -> random.nextFloat(0, 0.3f);
                }
                : Float.NEGATIVE_INFINITY;
        Filter filter = random.nextBoolean()
                ? null
                : new Filter.Compare("n", Filter.Op.LT, Filter.Value.of(random.nextInt(10)));
        float[] vector = gaussian(random);
        return new LiveQuery(vector, k, minScore, filter, random.nextBoolean(), random.nextBoolean());
    }

    private void write(HeapShard shard, Random random) {
        List<WriteRequest> batch = new ArrayList<>();
        for (int requests = 1 + random.nextInt(3); requests > 0; requests--) {
            if (random.nextInt(3) == 0) {
                List<String> ids = new ArrayList<>();
                for (int n = 1 + random.nextInt(8); n > 0; n--) {
                    ids.add("p" + random.nextInt(IDS));
                }
                batch.add(HeapShard.deleteOf(ids));
            } else {
                List<Point> points = new ArrayList<>();
                for (int n = 1 + random.nextInt(6); n > 0; n--) {
                    points.add(point(random));
                }
                batch.add(HeapShard.upsertOf(points));
            }
        }
        shard.apply(batch);
        // As WriteBatch sees it: an id keeps the place where it first appears in the batch, and its last fate.
        Map<String, @Nullable Point> fates = new LinkedHashMap<>();
        batch.forEach(request -> {
            if (request.change() instanceof WriteRequest.Upsert upsert) {
                upsert.points().forEach(point -> fates.put(point.id(), point));
            } else if (request.change() instanceof WriteRequest.Delete delete) {
                delete.ids().stream()
                        .filter(id -> fates.containsKey(id) || oracle.containsKey(id))
                        .forEach(id -> fates.put(id, null));
            }
        });
        fates.forEach((id, point) -> {
            if (point == null) {
                oracle.remove(id);
            } else {
                oracle.put(id, new Written(point, writes++));
            }
        });
    }

    private static float[] gaussian(Random random) {
        float[] vector = new float[DIMENSIONS];
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }

    private Point point(Random random) {
        String id = "p" + random.nextInt(IDS);
        Written old = oracle.get(id);
        float[] vector = switch (random.nextInt(6)) {
            case 0 -> new float[DIMENSIONS]; // equal to all others of its kind
            case 1 -> old == null ? new float[DIMENSIONS] : old.point().vector(); // written again as it is
            default -> gaussian(random);
        };
        Metadata metadata =
                random.nextInt(4) == 0 ? Metadata.EMPTY : Metadata.ofJson("{\"n\":" + random.nextInt(10) + "}");
        return new Point(id, vector, metadata);
    }

    private List<ScoredPoint> nearest(LiveQuery query, Metric metric) {
        record Scored(double distance, Written written) {}
        return oracle.values().stream()
                .filter(written -> query.filter() == null
                        || OracleFilter.matches(query.filter(), written.point().metadata()))
                .map(written -> new Scored(
                        distance(metric, query.vector(), written.point().vector()), written))
                .filter(scored -> metric.score((float) scored.distance()) >= query.minScore())
                .sorted(Comparator.comparingDouble(Scored::distance)
                        .thenComparingInt(scored -> -scored.written().order()))
                .limit(query.k())
                .map(scored -> new ScoredPoint(
                        scored.written().point().id(),
                        metric.score((float) scored.distance()),
                        query.includeVector() ? scored.written().point().vector() : null,
                        query.includeMetadata() ? scored.written().point().metadata() : null))
                .toList();
    }

    private static double distance(Metric metric, float[] a, float[] b) {
        double dot = 0;
        double squares = 0;
        double lengths = 0;
        double others = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            squares += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
            lengths += (double) a[i] * a[i];
            others += (double) b[i] * b[i];
        }
        return switch (metric) {
            case COSINE -> others == 0 ? 1 : 1 - dot / Math.sqrt(lengths * others);
            case DOT -> -dot;
            case EUCLIDEAN -> squares;
        };
    }

    private static void assertSame(List<ScoredPoint> found, List<ScoredPoint> expected, String when) {
        assertThat(found.stream().map(ScoredPoint::id))
                .as(when)
                .containsExactlyElementsOf(
                        expected.stream().map(ScoredPoint::id).toList());
        for (int i = 0; i < found.size(); i++) {
            assertThat(found.get(i).score())
                    .as(when)
                    .isCloseTo(expected.get(i).score(), org.assertj.core.data.Offset.offset(1e-4f));
            assertThat(found.get(i).vector()).as(when).isEqualTo(expected.get(i).vector());
            assertThat(found.get(i).metadata())
                    .as(when)
                    .isEqualTo(expected.get(i).metadata());
        }
    }

    @Test
    void shouldSearchTheShardAgainOnlyWhenItsSpareResultsAreUsedUp() {
        HeapShard shard = new HeapShard(config(Metric.EUCLIDEAN));
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            points.add(new Point("p" + i, new float[] {i, 0, 0, 0, 0, 0, 0}, Metadata.EMPTY));
        }
        shard.upsert(points);
        LiveState state =
                new LiveState(new LiveQuery(new float[DIMENSIONS], 10, Float.NEGATIVE_INFINITY, null, false, false));
        state.search(shard.snapshot(), scratch);
        for (int i = 0; i < 100; i++) {
            shard.delete(List.of("p" + i));
            state.advance(LiveRound.of(shard.snapshot(), List.of("p" + i)), scratch);

            LiveAnswer answer = state.answer();
            assertThat(answer).isNotNull();
            assertThat(answer.points().getFirst().id()).isEqualTo("p" + (i + 1));
            assertThat(answer.points()).hasSize(10);
        }
        // 10 wanted and 8 to spare: each search serves 9 deletes.
        assertThat(state.searches()).isEqualTo(1 + 100 / 9);
    }

    @Test
    void shouldForgetTheIdsAndSearchWhenMoreIsWrittenThanItRemembers() {
        HeapShard shard = new HeapShard(config(Metric.EUCLIDEAN));
        LiveQueries queries = queriesOf(shard);
        AssertSubscriber<LiveAnswer> subscriber = queries.watch(
                        new LiveQuery(new float[DIMENSIONS], 3, Float.NEGATIVE_INFINITY, null, false, false))
                .subscribe()
                .withSubscriber(AssertSubscriber.create(Long.MAX_VALUE));
        catchUp();
        for (int batch = 0; batch < 70; batch++) {
            List<Point> points = new ArrayList<>();
            for (int i = 0; i < 1_000; i++) {
                points.add(new Point("p" + i, new float[] {i, batch, 0, 0, 0, 0, 0}, Metadata.EMPTY));
            }
            shard.upsert(points);
        }
        catchUp();

        assertThat(subscriber.getItems()).hasSize(2);
        assertThat(subscriber.getItems().getLast().points().stream().map(ScoredPoint::id))
                .containsExactly("p0", "p1", "p2");
        assertThat(subscriber.getItems().getLast().sequence()).isEqualTo(69);
    }

    @Test
    void shouldRefuseWhatTheBudgetHasNoRoomForAndGiveEverythingBack() {
        HeapShard shard = new HeapShard(config(Metric.EUCLIDEAN));
        shard.upsert(List.of(
                new Point("a", new float[DIMENSIONS], Metadata.ofJson("{\"t\":\"" + "x".repeat(1_000) + "\"}"))));
        LiveBudget small = new LiveBudget(5_500);
        LiveQueries queries = new LiveQueries((task, dropped) -> task.accept(scratch), small, shard::hold);
        LiveQuery query = new LiveQuery(new float[DIMENSIONS], 3, Float.NEGATIVE_INFINITY, null, false, true);

        AssertSubscriber<LiveAnswer> first =
                queries.watch(query).subscribe().withSubscriber(AssertSubscriber.create(1));
        AssertSubscriber<LiveAnswer> second =
                queries.watch(query).subscribe().withSubscriber(AssertSubscriber.create(1));
        AssertSubscriber<LiveAnswer> third =
                queries.watch(query).subscribe().withSubscriber(AssertSubscriber.create(1));

        first.assertItems(first.getItems().getFirst()).assertNotTerminated();
        second.assertNotTerminated();
        third.assertFailedWith(VectorDbException.class, "5500 bytes that this server has for live queries");
        first.cancel();
        queries.watch(query)
                .subscribe()
                .withSubscriber(AssertSubscriber.create(1))
                .assertNotTerminated();
        queries.close(VectorDbException.unavailable("live/0: is closed"));
        second.assertFailedWith(VectorDbException.class, "is closed");
        queries.watch(query)
                .subscribe()
                .withSubscriber(AssertSubscriber.create(1))
                .assertFailedWith(VectorDbException.class, "is closed");
        assertThat(small.used()).isZero();
    }
}
