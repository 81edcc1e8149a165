package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.SetClock;
import dev.shaula.fixture.WriteModel;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Expiry;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.Filter;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.PointVersion;
import dev.shaula.model.Precondition;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.ScrollPage;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.StoredPoint;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Changes of metadata, conditions and expiry through the real engine: log, disk, restarts. */
@NullMarked
class WritesTest {
    private static final int IDS = 60;
    private static final MetadataChange SEEN =
            new MetadataChange(false, List.of(), Metadata.ofJson("{\"seen\":true}"), Expiry.UNCHANGED);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private final SetClock clock = new SetClock(1_000);
    private @Nullable EmbeddedNode node;

    private EmbeddedNode open(Path directory) {
        EmbeddedNode opened = new EmbeddedNode(directory, clock);
        node = opened;
        return opened;
    }

    @AfterEach
    void close() {
        if (node != null) {
            node.close();
            node = null;
        }
    }

    private static CollectionConfig config(int shards) {
        return new CollectionConfig("things", 2, Metric.EUCLIDEAN, shards, 4, 20, true);
    }

    private static Point point(String id, String metadata) {
        return new Point(id, new float[] {1, 2}, Metadata.ofJson(metadata));
    }

    /** As a kill would leave it: nothing is closed, nothing flushed. */
    private static void copy(Path from, Path to) throws IOException {
        try (var files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path target = to.resolve(from.relativize(file));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else if (!file.getFileName().toString().equals("reserve")) {
                    Files.copy(file, target);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {11, 12})
    void shouldDoWhatASimpleMapDoesThroughRestartsAndCrashes(int seed) throws IOException {
        Random random = new Random(seed);
        WriteModel model = new WriteModel(IDS, 2, random);
        model.now(clock.millis());
        Path directory = data.resolve("0");
        VectorCollection things = open(directory).create(config(2));
        get(things.createIndex(new FieldIndex("a", FieldIndex.Kind.INTEGER)));
        for (int round = 1; round <= 160; round++) {
            write(things, model, random);
            clock.add(random.nextInt(30));
            model.now(clock.millis());
            if (round % 20 == 0) {
                check(things, model);
            }
            if (round % 60 == 20) {
                get(things.commit());
            }
            if (round % 40 == 0) {
                Path next = data.resolve(String.valueOf(round));
                if (round % 80 == 0) {
                    copy(directory, next);
                    close();
                } else {
                    close();
                    copy(directory, next);
                }
                directory = next;
                things = open(directory).collections().require("things");
                check(things, model);
            }
        }
    }

    private static void write(VectorCollection things, WriteModel model, Random random) {
        WriteResult expected;
        WriteResult result;
        switch (random.nextInt(6)) {
            case 0 -> {
                List<String> ids = model.randomIds();
                expected = model.delete(ids);
                result = get(things.delete(ids, Ack.INDEXED));
            }
            case 1, 2 -> {
                List<String> ids = model.randomIds();
                MetadataChange change = effective(model.randomChange());
                expected = model.update(ids, null, change);
                result = get(things.update(ids, change, Ack.INDEXED));
            }
            case 3 -> {
                int most = random.nextInt(WriteModel.MOST);
                MetadataChange change = effective(model.randomChange());
                expected = model.update(List.copyOf(model.visible().keySet()), most, change);
                // What does not match is not missing.
                result = get(things.update(atMost("a", most), change, Ack.INDEXED));
                assertThat(result.missing()).isEmpty();
                result = result.withMissing(expected.missing());
            }
            case 4 -> {
                List<Point> points = model.randomPoints();
                List<Precondition> conditions = model.randomConditions(points);
                expected = model.upsert(points, conditions);
                result = get(things.upsertIf(points, conditions, Ack.INDEXED));
                assertThat(result.refused()).containsExactlyInAnyOrderElementsOf(expected.refused());
                List<Long> sequences = result.sequences();
                assertThat(result.applied()).allMatch(point -> sequences.contains(point.version()));
            }
            default -> {
                List<Point> points = model.randomPoints();
                expected = model.upsert(points, List.of());
                result = get(things.upsert(points, Ack.INDEXED));
                assertThat(result.sequences()).containsAll(versionsOf(things, points));
            }
        }
        assertThat(result.count()).isEqualTo(expected.count());
        assertThat(result.missing()).isEqualTo(expected.missing());
        model.written(id -> get(things.get(id)).orElseThrow().version());
    }

    private static List<Long> versionsOf(VectorCollection things, List<Point> points) {
        return points.stream()
                .flatMap(point -> get(things.get(point.id())).stream())
                .map(Point::version)
                .toList();
    }

    /** A change of nothing is refused before it is done. */
    private static MetadataChange effective(MetadataChange change) {
        boolean nothing = !change.replace()
                && change.delete().isEmpty()
                && change.set().isEmpty()
                && change.expiry().equals(Expiry.UNCHANGED);
        return nothing ? new MetadataChange(false, List.of("a"), Metadata.EMPTY, Expiry.UNCHANGED) : change;
    }

    private static Filter atMost(String field, int most) {
        return new Filter.Compare(field, Filter.Op.LTE, new Filter.Value.Num(most));
    }

    private static void check(VectorCollection things, WriteModel model) {
        Map<String, WriteModel.Known> expected = model.visible();
        for (int i = 0; i < IDS; i++) {
            Optional<Point> found = get(things.get("p" + i));
            WriteModel.Known known = expected.get("p" + i);
            assertThat(found.isPresent()).isEqualTo(known != null);
            if (known != null) {
                Point point = found.orElseThrow();
                assertThat(point.vector()).isEqualTo(known.vector());
                assertThat(WriteModel.sorted(point.metadata())).isEqualTo(known.json());
                assertThat(point.expiry()).isEqualTo(Expiry.at(known.expiresAtMs()));
                assertThat(point.version()).isEqualTo(known.version());
            }
        }
        Map<String, Long> versions = new TreeMap<>();
        expected.forEach((id, known) -> versions.put(id, known.version()));
        ScrollRequest everyVersion = new ScrollRequest(ScrollRequest.Order.ID, null, null, false, false, true);
        assertThat(get(things.scroll(everyVersion, 10_000)).points().stream()
                        .collect(Collectors.toMap(StoredPoint::id, StoredPoint::version)))
                .isEqualTo(versions);
        float[] query = new float[things.config().dimensions()];
        Arrays.fill(query, 1);
        SearchRequest search = SearchRequest.of(query, IDS).withVersion(true);
        assertThat(get(things.search(search)).stream().collect(Collectors.toMap(ScoredPoint::id, ScoredPoint::version)))
                .isEqualTo(versions);
        assertThat(get(things.count(null))).isEqualTo(expected.size());
        for (String field : List.of("a", "b")) {
            assertThat(get(things.count(atMost(field, 2))))
                    .isEqualTo(expected.values().stream()
                            .filter(k -> k.metadata().containsKey(field)
                                    && k.metadata().get(field) <= 2)
                            .count());
        }
    }

    @Test
    void shouldLetOneOfManyRacingClientsWin() {
        VectorCollection things = open(data).create(config(2));
        List<Uni<WriteResult>> all = new ArrayList<>();
        for (int client = 0; client < 64; client++) {
            List<Point> points =
                    IntStream.range(0, 10).mapToObj(i -> point("p" + i, "{}")).toList();
            all.add(things.upsertIf(
                    points, points.stream().map(p -> Precondition.ABSENT).toList(), Ack.INDEXED));
        }
        List<WriteResult> results = get(Uni.join().all(all).andFailFast());
        for (int i = 0; i < 10; i++) {
            String id = "p" + i;
            List<Long> won = results.stream()
                    .flatMap(result -> result.applied().stream())
                    .filter(applied -> applied.id().equals(id))
                    .map(PointVersion::version)
                    .toList();
            assertThat(won).containsExactly(get(things.get(id)).orElseThrow().version());
            assertThat(results.stream()
                            .flatMap(result -> result.refused().stream())
                            .filter(r -> r.id().equals(id)))
                    .hasSize(63)
                    .allMatch(refused -> refused.version() == won.getFirst());
        }
    }

    @Test
    void shouldLoseNoIncrementOfClientsThatCompareVersions() throws Exception {
        VectorCollection things = open(data).create(config(1));
        get(things.upsert(List.of(point("counter", "{\"n\":0}")), Ack.INDEXED));
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> wins = new ArrayList<>();
            for (int client = 0; client < 6; client++) {
                wins.add(clients.submit(() -> increments(things, 40)));
            }
            int sum = 0;
            for (Future<Integer> won : wins) {
                sum += won.get();
            }
            assertThat(numberOf(get(things.get("counter")).orElseThrow())).isEqualTo(sum);
        }
    }

    private static int increments(VectorCollection things, int tries) {
        int won = 0;
        for (int i = 0; i < tries; i++) {
            Point seen = get(things.get("counter")).orElseThrow();
            Point next = point("counter", "{\"n\":" + (numberOf(seen) + 1) + "}");
            Precondition unchanged = new Precondition.Version(seen.version());
            won += get(things.upsertIf(List.of(next), List.of(unchanged), Ack.INDEXED))
                    .applied()
                    .size();
        }
        return won;
    }

    private static int numberOf(Point point) {
        return Integer.parseInt(point.metadata().toString().replaceAll("\\D", ""));
    }

    @Test
    void shouldHideWhatHasExpiredAtOnceAndDeleteItForGood() {
        VectorCollection things = open(data).create(config(1).withTtlSeconds(60));
        get(things.upsert(
                List.of(
                        point("a", "{}"),
                        point("b", "{}").withExpiry(Expiry.NEVER),
                        point("c", "{}").withExpiry(new Expiry.After(90_000))),
                Ack.INDEXED));
        ScrollPage before = get(things.scroll(new ScrollRequest(ScrollRequest.Order.ID, null, false, false), 1));
        clock.add(60_000);
        assertThat(get(things.get("a"))).isEmpty();
        assertThat(get(things.count(null))).isEqualTo(2);
        assertThat(things.info().vectorCount()).isEqualTo(2);
        assertThat(get(things.delete(List.of("a"), Ack.INDEXED)).missing()).containsExactly("a");
        // A reading stands where it began.
        assertThat(before.total()).isEqualTo(3);
        close();
        clock.set(1_000);
        things = open(data).collections().require("things");
        // The delete above came to the shard's thread, which removed what had expired: it is not back with the clock.
        assertThat(get(things.get("a"))).isEmpty();
        assertThat(get(things.get("c")).orElseThrow().expiry()).isEqualTo(Expiry.at(91_000));
        assertThat(things.info().config().ttlSeconds()).isEqualTo(60);
    }

    @Test
    void shouldRefuseMetadataThatWouldGrowTooLargeAndChangeNothingOfThatSlice() {
        VectorCollection things = open(data).create(config(1));
        String large = "x".repeat(Limits.MAX_METADATA_BYTES - 100);
        get(things.upsert(List.of(point("a", "{}"), point("b", "{\"t\":\"" + large + "\"}")), Ack.INDEXED));
        MetadataChange change = new MetadataChange(
                false, List.of(), Metadata.ofJson("{\"u\":\"" + "y".repeat(200) + "\"}"), Expiry.UNCHANGED);
        assertThatThrownBy(() -> get(things.update(List.of("a", "b"), change, Ack.INDEXED)))
                .isInstanceOf(VectorDbException.class)
                .hasMessageContaining("set: the metadata of \"b\" would take")
                .hasMessageContaining("expected at most 65536");
        assertThat(get(things.get("a")).orElseThrow().metadata()).isEqualTo(Metadata.EMPTY);
    }

    @Test
    void shouldGiveAReadingTheMetadataOfItsMomentWhileItIsChanged() {
        VectorCollection things = open(data).create(config(1));
        List<Point> points = IntStream.range(0, 3_000)
                .mapToObj(i -> point("p" + i, "{\"n\":0}"))
                .toList();
        get(things.upsert(points, Ack.INDEXED));
        ScrollPage page = get(things.scroll(new ScrollRequest(ScrollRequest.Order.ID, null, false, true), 100));
        for (int i = 1; i <= 3; i++) {
            MetadataChange change =
                    new MetadataChange(false, List.of(), Metadata.ofJson("{\"n\":" + i + "}"), Expiry.UNCHANGED);
            assertThat(get(things.update(new Filter.Exists("n"), change, Ack.INDEXED))
                            .count())
                    .isEqualTo(3_000);
        }
        int read = page.points().size();
        for (String cursor = page.cursor(); cursor != null; cursor = page.cursor()) {
            page = get(things.scroll(cursor, 500));
            assertThat(page.points()).allMatch(p -> String.valueOf(p.metadata()).equals("{\"n\":0}"));
            read += page.points().size();
        }
        assertThat(read).isEqualTo(3_000);
        assertThat(get(things.count(new Filter.Compare("n", Filter.Op.EQ, new Filter.Value.Num(3)))))
                .isEqualTo(3_000);
    }

    @Test
    void shouldKeepVersionsAndExpiryThroughBackupAndRestore() {
        EmbeddedNode opened = open(data);
        VectorCollection things = opened.create(config(1));
        get(things.upsert(List.of(point("a", "{}").withExpiry(Expiry.at(500_000)), point("b", "{}")), Ack.INDEXED));
        get(things.update(List.of("a"), SEEN, Ack.INDEXED));
        long version = get(things.get("a")).orElseThrow().version();
        get(opened.collections().backups().create(new Backups.Request("things", "nightly")));
        get(things.update(
                List.of("a", "b"), new MetadataChange(true, List.of(), Metadata.EMPTY, Expiry.NEVER), Ack.INDEXED));
        get(opened.collections().backups().restore(new Backups.Restoration("nightly", "things", "again")));
        Point again = get(opened.collections().require("again").get("a")).orElseThrow();
        assertThat(again.version()).isEqualTo(version);
        assertThat(again.metadata()).isEqualTo(Metadata.ofJson("{\"seen\":true}"));
        assertThat(again.expiry()).isEqualTo(Expiry.at(500_000));
    }
}
