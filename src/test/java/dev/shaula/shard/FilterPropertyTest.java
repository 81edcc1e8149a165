package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.RandomFilters;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Expiry;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Metadata;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.oracle.OracleFilter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random filters on random rows accept what a naive evaluator accepts of a map of points: while points are upserted, deleted,
 * changed in place and expire; while indexes are declared, built beside all that, and dropped; while dead rows are
 * dropped, and after state and indexes went to disk and back. {@code -Dfilter.rounds=2000} makes it longer.
 */
@NullMarked
@Timeout(120)
class FilterPropertyTest {
    private static final int ROUNDS = Integer.getInteger("filter.rounds", 60);
    private static final int IDS = 250;
    private static final int DIMENSIONS = 4;

    /** What is known of a point. */
    private record Known(Metadata metadata, long expiresAtMs) {}

    private final HeapShard shard =
            new HeapShard(new CollectionConfig("things", DIMENSIONS, Metric.EUCLIDEAN, 1, 4, 20, true));
    private final Map<String, Known> model = new HashMap<>();
    private RandomFilters filters = new RandomFilters(0);
    private RandomVectors vectors = new RandomVectors(DIMENSIONS, 0);
    private Random random = new Random(0);
    private long nowMs;
    private int exact;
    private int changedWhileIndexed;

    @ParameterizedTest
    @ValueSource(longs = {31, 32, 33, 34})
    void shouldAcceptWhatANaiveEvaluatorAccepts(long seed, @TempDir Path directory) throws IOException {
        filters = new RandomFilters(seed);
        vectors = new RandomVectors(DIMENSIONS, seed);
        random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            write();
            shard.now(++nowMs);
            changeIndexes();
            if (round % 8 == 5) {
                shard.removeExpired();
                shard.link();
                shard.repair();
                shard.compact(this::write);
            }
            if (round % 11 == 7) {
                shard.checkpointAndReload(directory);
            }
            check(6);
        }
        assertThat(exact).as("filters that the indexes answered alone").isPositive();
        assertThat(changedWhileIndexed).isPositive();
    }

    private void write() {
        for (int i = random.nextInt(4); i >= 0; i--) {
            switch (random.nextInt(5)) {
                case 0 -> delete();
                case 1, 2 -> change();
                default -> upsert();
            }
        }
    }

    private List<String> ids(int most) {
        return random.ints(1 + random.nextInt(most), 0, IDS)
                .distinct()
                .mapToObj(i -> "p" + i)
                .toList();
    }

    private void upsert() {
        List<Point> points = new ArrayList<>();
        for (String id : ids(60)) {
            long expiresAtMs = random.nextInt(5) == 0 ? nowMs + 1 + random.nextInt(6) : Expiry.NEVER_MS;
            Metadata metadata = filters.row();
            points.add(new Point(id, vectors.next(), metadata).withExpiry(Expiry.at(expiresAtMs)));
            model.put(id, new Known(metadata, expiresAtMs));
        }
        shard.upsert(points);
    }

    private void delete() {
        List<String> ids = ids(25);
        shard.delete(ids);
        ids.forEach(model::remove);
    }

    /** Replaced in place by another row; now and then by nothing. */
    private void change() {
        List<String> ids = ids(40);
        Metadata metadata = random.nextInt(6) == 0 ? Metadata.EMPTY : filters.row();
        MetadataChange change = new MetadataChange(true, List.of(), metadata, Expiry.UNCHANGED);
        shard.apply(List.of(HeapShard.updateOf(ids, null, change)));
        for (String id : ids) {
            model.computeIfPresent(id, (i, known) -> visible(known) ? new Known(metadata, known.expiresAtMs) : known);
        }
        changedWhileIndexed += shard.state().index().status().stream().anyMatch(IndexStatus::ready) ? 1 : 0;
    }

    private boolean visible(Known known) {
        return known.expiresAtMs > nowMs;
    }

    /** Declares one, drops one, or builds what is to be built, with writes between reading the rows and taking the result. */
    private void changeIndexes() {
        FieldIndex index = RandomFilters.INDEXES.get(random.nextInt(RandomFilters.INDEXES.size()));
        ShardState state = shard.state();
        switch (random.nextInt(8)) {
            case 0, 1, 2 -> state.index(state.index().with(index));
            case 3 -> state.index(state.index().without(index));
            case 4, 5 -> shard.buildIndexes(this::write);
            default -> {}
        }
    }

    private void check(int tries) {
        ShardSnapshot snapshot = shard.snapshot().at(nowMs);
        for (int i = 0; i < tries; i++) {
            Filter filter = random.nextBoolean() ? filters.filter(3) : filters.answerable(2);
            Set<String> expected = model.entrySet().stream()
                    .filter(e -> visible(e.getValue()) && OracleFilter.matches(filter, e.getValue().metadata))
                    .map(Map.Entry::getKey)
                    .collect(Collectors.toSet());
            assertThat(Arrays.stream(snapshot.select(filter)).mapToObj(snapshot::id))
                    .as("%s", filter)
                    .containsExactlyInAnyOrderElementsOf(expected);
            SearchRequest request = SearchRequest.of(vectors.next(), 1_000).withFilter(filter);
            assertThat(snapshot.search(request, new SearchScratch()).stream().map(ScoredPoint::id))
                    .as("%s", filter)
                    .containsExactlyInAnyOrderElementsOf(expected);
            exact += snapshot.index().select(filter).rest() == null ? 1 : 0;
        }
    }
}
