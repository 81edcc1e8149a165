package dev.shaula.api.doors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.api.doors.Door.Query;
import dev.shaula.api.doors.Door.Refused;
import dev.shaula.api.doors.Door.Row;
import dev.shaula.api.doors.FullDoor.Change;
import dev.shaula.api.doors.FullDoor.Conditional;
import dev.shaula.api.doors.FullDoor.Group;
import dev.shaula.api.doors.FullDoor.Read;
import dev.shaula.api.doors.FullDoor.Reading;
import dev.shaula.api.doors.FullDoor.Target;
import dev.shaula.api.doors.FullDoor.Versioned;
import dev.shaula.api.doors.FullDoor.Written;
import dev.shaula.api.wire.Fragments;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FacetRequest;
import dev.shaula.model.Filter;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.SearchGroup;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.StoredPoint;
import dev.shaula.oracle.OracleCollection;
import io.quarkus.test.junit.QuarkusTest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What collections can beside the four things of every door, by the doors that do it all: as an oracle says, and alike. */
@QuarkusTest
class FullDoorsTest {
    private static final int POINTS = 150;
    private static final int DIMENSIONS = 5;
    private static final List<String> FILTERS = List.of(
            "{\"cat\":\"c1\"}", "{\"n\":{\"$gte\":50,\"$lt\":90}}", "{\"tags\":\"t3\",\"cat\":{\"$ne\":\"c0\"}}");

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    private static FullDoor open(Door.Kind kind) {
        return (FullDoor) kind.open();
    }

    private static EnumSet<Door.Kind> full() {
        return EnumSet.of(Door.Kind.HTTP_NUMBERS, Door.Kind.HTTP_BASE64, Door.Kind.GRPC_BYTES);
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_NUMBERS", "GRPC_BYTES"})
    void shouldReadAsAnOracleDoes(Door.Kind kind) {
        String name = "full-reads-" + kind.name().toLowerCase(Locale.ROOT);
        OracleCollection oracle =
                new OracleCollection(new CollectionConfig(name, DIMENSIONS, Metric.DOT, 1, 16, 200, true));
        try (FullDoor door = open(kind)) {
            door.create(name, DIMENSIONS, Metric.DOT, List.of("n:integer", "cat:keyword"));
            List<Row> rows = rows();
            door.upsert(name, rows);
            oracle.upsert(rows.stream().map(FullDoorsTest::point).toList(), Ack.INDEXED)
                    .await()
                    .indefinitely();
            awaitIndexes(door, name);
            List<@Nullable String> filters = new ArrayList<>(FILTERS);
            filters.add(null);
            for (String filter : filters) {
                compareSearches(door, name, oracle, filter);
                compareFacets(door, name, oracle, filter);
                compareReadings(door, name, oracle, filter);
            }
        }
    }

    private void compareSearches(FullDoor door, String name, OracleCollection oracle, @Nullable String filter) {
        Query query = new Query(vector(), 10, 0, true, null, filter, false);
        SearchRequest search =
                SearchRequest.of(query.vector(), 10).withExact(true).withFilter(filter(filter));
        List<String> nearest =
                oracle.nearest(search).stream().map(ScoredPoint::id).toList();
        List<Versioned> found = door.searchVersions(name, query);
        assertThat(found)
                .as("seed %d, %s", seed, filter)
                .extracting(Versioned::id)
                .isEqualTo(nearest);
        FullDoor.Explained explained = door.explain(name, query);
        assertThat(explained.results()).isEqualTo(found);
        assertThat(explained.plan()).containsExactly("scan");
        assertThat(explained.rows()).isEqualTo(POINTS);
        long accepted = oracle.count(filter(filter)).await().indefinitely();
        assertThat(explained.matches()).isEqualTo(accepted).isEqualTo(door.count(name, filter));
        assertThat(explained.unindexed())
                .isEqualTo(filter != null && filter.contains("tags") ? List.of("tags") : List.of());

        List<Group> groups = door.groups(name, query, "cat", 2, 3);
        List<SearchGroup> expected = oracle.groups(new GroupRequest(search, "cat", 2, 3));
        assertThat(groups)
                .extracting(group -> group.points().stream().map(Versioned::id).toList())
                .isEqualTo(expected.stream()
                        .limit(2)
                        .map(group ->
                                group.points().stream().map(ScoredPoint::id).toList())
                        .toList());
        assertThat(groups)
                .extracting(Group::value)
                .isEqualTo(expected.stream()
                        .limit(2)
                        .map(group -> ((Filter.Value.Text) group.value()).text())
                        .toList());
    }

    private static void compareFacets(FullDoor door, String name, OracleCollection oracle, @Nullable String filter) {
        for (String field : List.of("cat", "n", "tags", "flag")) {
            FullDoor.Counted counted = door.facet(name, field, filter, 7);
            dev.shaula.model.Facets expected = oracle.facet(new FacetRequest(field, filter(filter), 7))
                    .await()
                    .indefinitely();
            assertThat(counted.distinct()).isEqualTo(expected.distinct());
            assertThat(counted.values())
                    .isEqualTo(expected.facets().stream()
                            .map(facet -> text(facet.value()) + "=" + facet.count())
                            .toList());
        }
    }

    private static String text(Filter.Value value) {
        return switch (value) {
            case Filter.Value.Text t -> t.text();
            case Filter.Value.Num n -> Double.toString(n.number());
            case Filter.Value.Bool b -> Boolean.toString(b.bool());
            case Filter.Value.Null n -> "null";
        };
    }

    private static void compareReadings(FullDoor door, String name, OracleCollection oracle, @Nullable String filter) {
        List<String> all = oracle.read(new ScrollRequest(ScrollRequest.Order.ID, filter(filter), false, false)).stream()
                .map(StoredPoint::id)
                .toList();
        List<Read> byId = door.read(name, new Reading("id", filter, 1_000));
        assertThat(byId).extracting(Read::id).isEqualTo(all);
        assertThat(door.read(name, new Reading("id", filter, 3))).isEqualTo(byId.subList(0, 3));
        List<String> byNumber = all.stream()
                .sorted((a, b) -> Integer.compare(Integer.parseInt(a.substring(1)), Integer.parseInt(b.substring(1))))
                .toList();
        assertThat(door.read(name, new Reading("n", filter, 1_000)))
                .extracting(Read::id)
                .isEqualTo(byNumber);
        assertThat(door.read(name, new Reading("-n", filter, 1_000)))
                .extracting(Read::id)
                .isEqualTo(byNumber.reversed());
        assertThat(door.read(name, new Reading("random", filter, 4)))
                .hasSize(4)
                .doesNotHaveDuplicates()
                .isSubsetOf(byId);
    }

    /** The same writes by one door and by another: the same answers, and the same points in the end. */
    @Test
    void shouldWriteAlike() {
        List<List<Object>> told = new ArrayList<>();
        for (Door.Kind kind : full()) {
            String name = "full-writes-" + kind.name().toLowerCase(Locale.ROOT);
            try (FullDoor door = open(kind)) {
                told.add(write(door, name, new Random(seed)));
            }
        }
        for (List<Object> each : told) {
            assertThat(each).as("seed %d", seed).isEqualTo(told.getFirst());
        }
    }

    private static List<Object> write(FullDoor door, String name, Random choice) {
        door.create(name, 2, Metric.COSINE, List.of());
        List<Object> told = new ArrayList<>();
        Map<String, Long> versions = new TreeMap<>();
        for (int step = 0; step < 60; step++) {
            String filter = "{\"n\":{\"$lt\":" + choice.nextInt(4) + "}}";
            List<String> some = List.of("p" + choice.nextInt(12), "p" + (12 + choice.nextInt(12)));
            Target target = choice.nextBoolean() ? new Target(List.of(), filter) : new Target(some, null);
            Written written = switch (choice.nextInt(6)) {
                case 0 -> door.delete(name, target);
                case 1 -> door.update(name, target, new Change("{\"n\":7,\"k\":[1]}", null, List.of("cat"), null));
                case 2 -> door.update(name, target, new Change(null, "{\"n\":1}", List.of(), 1e9));
                default -> door.upsertIf(name, conditional(choice, versions));
            };
            told.add(written);
            versions.clear();
            List<Read> read = door.read(name, new Reading("id", null, 1_000));
            read.forEach(point -> versions.put(point.id(), point.version()));
            told.add(read);
        }
        assertThat(versions).isNotEmpty();
        return told;
    }

    private static List<Conditional> conditional(Random choice, Map<String, Long> versions) {
        List<Conditional> records = new ArrayList<>();
        for (int i = 0; i < 24; i += 1 + choice.nextInt(8)) {
            String id = "p" + i;
            String condition = switch (choice.nextInt(5)) {
                case 0 -> "absent";
                case 1 -> "present";
                case 2 -> String.valueOf(versions.getOrDefault(id, 5L));
                case 3 -> "1";
                default -> null;
            };
            String metadata = "{\"n\":" + choice.nextInt(4) + ",\"cat\":\"c\"}";
            records.add(new Conditional(new Row(id, new float[] {1, choice.nextInt(5)}, metadata), condition));
        }
        return records;
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_NUMBERS", "GRPC_BYTES"})
    void shouldDeclareBuildAndDropIndexes(Door.Kind kind) {
        String name = "full-indexes-" + kind.name().toLowerCase(Locale.ROOT);
        try (FullDoor door = open(kind)) {
            door.create(name, DIMENSIONS, Metric.DOT, List.of());
            door.upsert(name, rows());
            assertThat(door.indexes(name)).isEmpty();
            door.createIndex(name, "n:float");
            door.createIndex(name, "n:integer");
            door.createIndex(name, "metadata.cat:keyword");
            awaitIndexes(door, name);
            assertThat(door.indexes(name))
                    .containsExactly("n:float:true:150", "n:integer:true:150", "cat:keyword:true:150");
            door.dropIndex(name, "n");
            assertThat(door.indexes(name)).containsExactly("cat:keyword:true:150");
            refuses(door, 404, "field: \"n\" has no such index", d -> d.dropIndex(name, "n"));
            refuses(door, 400, "type: expected keyword, integer", d -> d.createIndex(name, "n:number"));
            refuses(door, 400, "field: expected 1 to 1024 characters, got 0", d -> d.createIndex(name, ":text"));
            refuses(door, 404, "collection \"nowhere\" does not exist", d -> d.indexes("nowhere"));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_NUMBERS", "GRPC_BYTES"})
    void shouldRefuseAlike(Door.Kind kind) {
        String name = "full-bad-" + kind.name().toLowerCase(Locale.ROOT);
        Query query = new Query(new float[] {1, 0}, 1, 0, false, null, null, false);
        Target nobody = new Target(List.of(), null);
        Target everybody = new Target(List.of(), "{}");
        Target both = new Target(List.of("a"), "{\"n\":1}");
        Change change = new Change("{\"n\":1}", null, List.of(), null);
        try (FullDoor door = open(kind)) {
            door.create(name, 2, Metric.COSINE, List.of());
            Row row = new Row("a", new float[] {1, 0}, "{}");
            door.upsert(name, List.of(row));
            refuses(door, 400, "ids: expected a list of ids or a filter, got both", d -> d.delete(name, both));
            refuses(door, 400, "ids: expected a list of ids or a filter, got nothing", d -> d.delete(name, nobody));
            refuses(door, 400, "filter: expected at least one condition", d -> d.delete(name, everybody));
            refuses(door, 400, "filter: expected at least one", d -> d.update(name, everybody, change));
            Target a = new Target(List.of("a"), null);
            refuses(
                    door,
                    400,
                    "replace: expected neither set nor delete",
                    d -> d.update(name, a, new Change("{}", "{}", List.of(), null)));
            refuses(
                    door,
                    400,
                    "set: expected one of set, delete, replace",
                    d -> d.update(name, a, new Change(null, null, List.of(), null)));
            refuses(door, 400, "ttl", d -> d.update(name, a, new Change(null, null, List.of(), 0.0)));
            refuses(
                    door,
                    400,
                    "id: expected each id once",
                    d -> d.upsertIf(name, List.of(new Conditional(row, "absent"), new Conditional(row, null))));
            refuses(door, 400, "group_by: expected 1 to 1024", d -> d.groups(name, query, "", 1, 1));
            refuses(door, 400, "group_limit: expected 1 to 1000", d -> d.groups(name, query, "n", 1_001, 1));
            refuses(door, 400, "limit: expected 1 to 10000", d -> d.facet(name, "n", null, 10_001));
            refuses(door, 400, "order_by: the index on \"n\" is missing", d -> d.read(name, new Reading("n", null, 1)));
            assertThat(door.count(name, null)).as("nothing was done").isEqualTo(1);
        }
    }

    private static void refuses(FullDoor door, int status, String text, Consumer<FullDoor> request) {
        assertThatThrownBy(() -> request.accept(door))
                .isInstanceOf(Refused.class)
                .hasMessageContaining(text)
                .satisfies(e -> assertThat(((Refused) e).status).isEqualTo(status));
    }

    private static void awaitIndexes(FullDoor door, String name) {
        long deadline = System.nanoTime() + 60_000_000_000L;
        while (door.indexes(name).stream().anyMatch(index -> index.contains(":false:"))) {
            assertThat(System.nanoTime()).as("indexes are built").isLessThan(deadline);
            LockSupport.parkNanos(5_000_000);
        }
    }

    private static @Nullable Filter filter(@Nullable String json) {
        return json == null ? null : Fragments.filter(json.getBytes(StandardCharsets.UTF_8));
    }

    private static Point point(Row row) {
        return new Point(row.id(), row.vector(), Metadata.ofJson(row.metadata()));
    }

    private List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < POINTS; i++) {
            String metadata = "{\"n\":%d,\"cat\":\"c%d\",\"tags\":[\"t%d\",\"t%d\"],\"flag\":%b}"
                    .formatted(i, i % 4, i % 5, i % 7, i % 3 == 0);
            rows.add(new Row("p" + i, vector(), metadata));
        }
        return rows;
    }

    private float[] vector() {
        float[] vector = new float[DIMENSIONS];
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }
}
