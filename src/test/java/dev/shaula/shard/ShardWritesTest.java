package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.WriteModel;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Expiry;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.PointVersion;
import dev.shaula.model.Precondition;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.WriteResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Upserts with and without conditions, changes of metadata, deletes and expiry at random, while indexes are declared,
 * built and made anew, dead rows are dropped and the state is written and read: against a map of what must be there.
 */
@NullMarked
class ShardWritesTest {
    private static final int IDS = 300;
    private static final int DIMENSIONS = 4;

    /** A state that somebody still reads, and what it must answer. */
    private record Old(ShardSnapshot snapshot, long nowMs, Map<String, WriteModel.Known> expected) {}

    private final HeapShard shard =
            new HeapShard(new CollectionConfig("c", DIMENSIONS, Metric.EUCLIDEAN, 1, 4, 20, true));
    private Random random = new Random(0);
    private WriteModel model = new WriteModel(IDS, DIMENSIONS, random);
    private long nowMs;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void shouldDoWhatASimpleMapDoes(int seed, @TempDir Path directory) throws Exception {
        random = new Random(seed);
        model = new WriteModel(IDS, DIMENSIONS, random);
        shard.index(List.of(new FieldIndex("a", FieldIndex.Kind.INTEGER)));
        List<Old> olds = new ArrayList<>();
        for (int round = 0; round < 250; round++) {
            batch();
            now(nowMs + random.nextInt(20));
            switch (random.nextInt(12)) {
                case 0 -> shard.removeExpired();
                case 1 -> shard.link();
                case 2 -> shard.repair();
                case 3 -> shard.buildIndexes(this::batch);
                case 4 -> shard.state().index(shard.state().index().with(new FieldIndex("b", FieldIndex.Kind.FLOAT)));
                case 5 ->
                    shard.state().index(shard.state().index().without(new FieldIndex("b", FieldIndex.Kind.FLOAT)));
                default -> {}
            }
            if (round % 50 == 20) {
                shard.link();
                shard.repair();
                shard.compact(this::batch);
            }
            if (round % 50 == 40) {
                shard.checkpointAndReload(directory);
                shard.state().index(shard.state().index().with(new FieldIndex("a", FieldIndex.Kind.INTEGER)));
            }
            if (round % 10 == 0) {
                check(shard.snapshot().at(nowMs), model.visible());
                olds.add(new Old(shard.snapshot(), nowMs, model.visible()));
            }
        }
        olds.forEach(old -> check(old.snapshot.at(old.nowMs), old.expected));
    }

    private void now(long ms) {
        nowMs = ms;
        shard.now(ms);
        model.now(ms);
    }

    /** Requests that are drained together, each checked against the model. */
    private void batch() {
        List<WriteRequest> requests = new ArrayList<>();
        List<WriteResult> expected = new ArrayList<>();
        // A condition is made of the version that a point has now, so nothing may be written before it in the batch.
        do {
            requests.add(request(expected, requests.isEmpty()));
        } while (random.nextInt(3) > 0 && !requests.getLast().isConditional());
        List<WriteResult> results = shard.apply(requests);
        for (int i = 0; i < results.size(); i++) {
            assertSame(results.get(i), expected.get(i));
        }
        model.written(id -> shard.snapshot().at(nowMs).versionOf(id));
    }

    private WriteRequest request(List<WriteResult> expected, boolean first) {
        return switch (random.nextInt(8)) {
            case 0 -> {
                List<String> ids = model.randomIds();
                expected.add(model.delete(ids));
                yield HeapShard.deleteOf(ids);
            }
            case 1, 2, 3 -> {
                List<String> ids = model.randomIds();
                MetadataChange change = model.randomChange();
                boolean all = random.nextBoolean();
                int most = random.nextInt(WriteModel.MOST);
                expected.add(model.update(ids, all ? null : most, change));
                yield HeapShard.updateOf(
                        ids, all ? null : new Filter.Compare("a", Filter.Op.LTE, new Filter.Value.Num(most)), change);
            }
            case 4, 5 -> {
                List<Point> points = model.randomPoints();
                List<Precondition> conditions = first ? model.randomConditions(points) : List.of();
                expected.add(model.upsert(points, conditions));
                yield HeapShard.upsertIf(points, conditions);
            }
            default -> {
                List<Point> points = model.randomPoints();
                expected.add(model.upsert(points, List.of()));
                yield HeapShard.upsertOf(points);
            }
        };
    }

    private static void assertSame(WriteResult result, WriteResult expected) {
        assertThat(result.count()).isEqualTo(expected.count());
        assertThat(result.missing()).isEqualTo(expected.missing());
        assertThat(result.refused())
                .extracting(PointVersion::id)
                .isEqualTo(expected.refused().stream().map(PointVersion::id).toList());
    }

    private static void check(ShardSnapshot snapshot, Map<String, WriteModel.Known> expected) {
        assertThat(snapshot.count()).isEqualTo(expected.size());
        for (int i = 0; i < IDS; i++) {
            Optional<Point> found = snapshot.get("p" + i);
            WriteModel.Known known = expected.get("p" + i);
            assertThat(found.isPresent()).isEqualTo(known != null);
            if (known != null) {
                Point point = found.orElseThrow();
                assertThat(point.vector()).isEqualTo(known.vector());
                assertThat(WriteModel.sorted(point.metadata())).isEqualTo(known.json());
                assertThat(point.version()).isEqualTo(known.version());
                assertThat(point.expiry()).isEqualTo(Expiry.at(known.expiresAtMs()));
            }
        }
        for (String field : List.of("a", "b", "c")) {
            for (int most = 0; most <= WriteModel.MOST; most++) {
                checkFilter(snapshot, expected, field, most);
            }
        }
    }

    private static void checkFilter(
            ShardSnapshot snapshot, Map<String, WriteModel.Known> expected, String field, int most) {
        Filter filter = new Filter.Compare(field, Filter.Op.LTE, new Filter.Value.Num(most));
        Set<String> matching = expected.entrySet().stream()
                .filter(e -> e.getValue().metadata().containsKey(field)
                        && e.getValue().metadata().get(field) <= most)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        assertThat(Arrays.stream(snapshot.select(filter)).mapToObj(snapshot::id).collect(Collectors.toSet()))
                .isEqualTo(matching);
        assertThat(snapshot.count(new Filter.Not(filter))).isEqualTo(expected.size() - matching.size());
        List<ScoredPoint> found =
                snapshot.search(SearchRequest.of(new float[DIMENSIONS], 1_000).withFilter(filter), new SearchScratch());
        assertThat(found.stream().map(ScoredPoint::id).collect(Collectors.toSet()))
                .isEqualTo(matching);
    }
}
