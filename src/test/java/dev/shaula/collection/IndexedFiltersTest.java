package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomFilters;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Expiry;
import dev.shaula.model.FacetRequest;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.Filter;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Metadata;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.ScrollPage;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.SearchGroup;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.StoredPoint;
import dev.shaula.oracle.OracleCollection;
import dev.shaula.oracle.OracleFilter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Counts, readings and searches with filters equal a naive evaluator, whatever is indexed meanwhile. */
@NullMarked
@Timeout(120)
class IndexedFiltersTest {
    private static final CollectionConfig CONFIG = new CollectionConfig("things", 4, Metric.EUCLIDEAN, 2, 8, 40, true);

    private static final Offset<Float> CLOSE = Offset.offset(1e-5f);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private final RandomVectors vectors = new RandomVectors(4, 20_267);
    private final RandomFilters filters = new RandomFilters(20_268);
    private final Random random = new Random(20_269);
    private final OracleCollection oracle = new OracleCollection(CONFIG);

    /** Some new points, some updates, some deletes. */
    private void write(VectorCollection things) {
        List<Point> points = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            points.add(new Point("p" + random.nextInt(500), vectors.next(), filters.row()));
        }
        List<String> gone =
                random.ints(30, 0, 500).distinct().mapToObj(i -> "p" + i).toList();
        for (VectorCollection each : List.of(things, oracle)) {
            get(each.upsert(points, Ack.INDEXED));
            get(each.delete(gone, Ack.INDEXED));
        }
    }

    private void check(VectorCollection things, int tries) {
        for (int i = 0; i < tries; i++) {
            Filter filter = filters.filter(2);
            ScrollRequest everything = new ScrollRequest(ScrollRequest.Order.ID, filter, false, false);
            List<String> expected =
                    oracle.read(everything).stream().map(StoredPoint::id).toList();
            assertThat(get(things.scroll(everything)
                            .map(StoredPoint::id)
                            .collect()
                            .asList()))
                    .as("%s", filter)
                    .isEqualTo(expected);
            assertThat(get(things.count(filter))).isEqualTo(expected.size());
            FacetRequest facets =
                    new FacetRequest(RandomFilters.INDEXES.get(i % 5).field(), filter, 4);
            assertThat(get(things.facet(facets))).as("%s", facets).isEqualTo(get(oracle.facet(facets)));
            SearchRequest search = SearchRequest.of(vectors.next(), 10).withFilter(filter);
            List<ScoredPoint> found = get(things.search(search));
            assertThat(found).as("%s", filter).hasSize(Math.min(10, expected.size()));
            assertThat(expected).containsAll(found.stream().map(ScoredPoint::id).toList());
        }
    }

    /** Groups of chance fields, indexed or not, against those of every point; equal scores may stand in any order. */
    private void checkGroups(VectorCollection things, int tries) {
        for (int i = 0; i < tries; i++) {
            Filter filter = random.nextBoolean() ? null : filters.filter(1);
            SearchRequest search =
                    SearchRequest.of(vectors.next(), 1).withFilter(filter).withExact(random.nextBoolean());
            String field =
                    List.of("k", "n", "b", "deep.n", "metadata.k", "nobody").get(i % 6);
            GroupRequest request = new GroupRequest(search, field, 1 + random.nextInt(20), 1 + random.nextInt(40));
            List<SearchGroup> all = oracle.groups(request);
            List<SearchGroup> found = get(things.group(request));
            assertThat(found).as("%s", request).hasSize(Math.min(all.size(), request.groups()));
            assertThat(found.stream().map(SearchGroup::value)).doesNotHaveDuplicates();
            for (int g = 0; g < found.size(); g++) {
                SearchGroup group = found.get(g);
                SearchGroup same = all.stream()
                        .filter(each -> each.value().equals(group.value()))
                        .findFirst()
                        .orElseThrow();
                assertThat(group.score()).as("%s", request).isCloseTo(all.get(g).score(), CLOSE);
                assertThat(group.points())
                        .as("%s of %s", group.value(), request)
                        .hasSameSizeAs(same.points());
                for (int p = 0; p < group.points().size(); p++) {
                    assertThat(group.points().get(p).score())
                            .isCloseTo(same.points().get(p).score(), CLOSE);
                }
            }
        }
    }

    /** Readings by each index that has an order, against the values of every point. */
    private void checkOrders(VectorCollection things) {
        for (FieldIndex index : RandomFilters.INDEXES) {
            for (boolean descending : new boolean[] {false, true}) {
                Filter filter = random.nextBoolean() ? null : filters.filter(1);
                ScrollRequest.Field by = new ScrollRequest.Field(index.field(), descending);
                ScrollRequest request = new ScrollRequest(ScrollRequest.Order.FIELD, by, filter, false, true, false);
                if (index.kind() == Kind.TEXT || index.kind() == Kind.GEO) {
                    assertThatThrownBy(() -> get(things.scroll(request, 7))).hasMessageContaining("order_by: ");
                    continue;
                }
                List<String> expected =
                        oracle.read(new ScrollRequest(ScrollRequest.Order.ID, filter, false, true)).stream()
                                .sorted(Comparator.comparing(
                                        point -> key(index, point, descending),
                                        Comparator.nullsLast(
                                                descending
                                                        ? Comparator.<Key>reverseOrder()
                                                        : Comparator.naturalOrder())))
                                .map(StoredPoint::id)
                                .toList();
                List<String> read = new ArrayList<>();
                ScrollPage page = get(things.scroll(request, 37));
                while (true) {
                    page.points().forEach(point -> read.add(point.id()));
                    if (page.cursor() == null) {
                        break;
                    }
                    write(things); // the reading stands still
                    page = get(things.scroll(page.cursor(), 37));
                }
                assertThat(read).as("%s", request).isEqualTo(expected);
            }
        }
    }

    /** A number, or the code points of a text. */
    private record Key(double number, int[] text) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int byNumber = Double.compare(number, other.number);
            return byNumber != 0 ? byNumber : Arrays.compare(text, other.text);
        }
    }

    private static @Nullable Key key(FieldIndex index, StoredPoint point, boolean greatest) {
        Metadata metadata = Objects.requireNonNull(point.metadata());
        Comparator<Key> order = Comparator.naturalOrder();
        Stream<Key> keys = index.kind() == Kind.DATETIME
                ? OracleFilter.moments(index.field(), metadata).stream().map(m -> new Key(m, new int[0]))
                : OracleFilter.values(index.field(), metadata).stream().flatMap(value -> switch (value) {
                    case Filter.Value.Text t
                    when index.kind() == Kind.KEYWORD ->
                        Stream.of(new Key(0, t.text().codePoints().toArray()));
                    case Filter.Value.Num n
                    when index.kind() == Kind.FLOAT || index.kind() == Kind.INTEGER ->
                        Stream.of(new Key(n.number(), new int[0]));
                    case Filter.Value.Bool b
                    when index.kind() == Kind.BOOLEAN -> Stream.of(new Key(b.bool() ? 1 : 0, new int[0]));
                    default -> Stream.empty();
                });
        return (greatest ? keys.max(order) : keys.min(order)).orElse(null);
    }

    private static void awaitReady(VectorCollection things) {
        while (!things.indexes().stream().allMatch(IndexStatus::ready)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void shouldFilterAsANaiveEvaluatorBeforeDuringAndAfterIndexing() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            get(things.createIndex(RandomFilters.INDEXES.getFirst()));
            write(things);
            check(things, 15);
            checkGroups(things, 12);
            for (FieldIndex index : RandomFilters.INDEXES) {
                get(things.createIndex(index));
                write(things);
                check(things, 4);
            }
            awaitReady(things);
            check(things, 40);
            checkGroups(things, 40);
            checkOrders(things);
            get(things.dropIndex(RandomFilters.INDEXES.getFirst()));
            write(things);
            check(things, 10);
            assertThat(things.indexes().stream().map(IndexStatus::index))
                    .containsExactlyElementsOf(RandomFilters.INDEXES.subList(1, RandomFilters.INDEXES.size()));
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.collections().require("things");
            check(things, 10);
            assertThat(things.indexes().stream().map(IndexStatus::index))
                    .containsExactlyElementsOf(RandomFilters.INDEXES.subList(1, RandomFilters.INDEXES.size()));
            awaitReady(things);
            write(things);
            check(things, 20);
        }
    }

    /** Changes of metadata in place among them, which indexes keep beside the rows. */
    private void writeAndChange(VectorCollection things) {
        write(things);
        for (int i = 0; i < 5; i++) {
            MetadataChange change = new MetadataChange(true, List.of(), filters.row(), Expiry.UNCHANGED);
            List<String> ids = random.ints(12, 0, 500)
                    .distinct()
                    .mapToObj(id -> "p" + id)
                    .filter(id -> get(oracle.get(id)).isPresent())
                    .toList();
            for (String id : ids) {
                Point point = get(oracle.get(id)).orElseThrow();
                get(oracle.upsert(List.of(new Point(id, point.vector(), change.set())), Ack.INDEXED));
            }
            get(things.update(ids, change, Ack.INDEXED));
        }
    }

    private static List<Path> indexFiles(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith("indexes-"))
                    .toList();
        }
    }

    @Test
    void shouldHaveItsIndexesAtOnceAfterARestartAndBuildThemWhereTheirFileIsDamagedOrGone() throws IOException {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            writeAndChange(things);
            for (FieldIndex index : RandomFilters.INDEXES) {
                get(things.createIndex(index));
            }
            awaitReady(things);
            writeAndChange(things);
            awaitReady(things);
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.collections().require("things");
            assertThat(things.indexes()).hasSize(7).allMatch(IndexStatus::ready);
            check(things, 30);
            get(things.dropIndex(RandomFilters.INDEXES.getFirst()));
            writeAndChange(things);
            check(things, 10);
        }
        assertThat(indexFiles(data)).isNotEmpty();
        for (Path file : indexFiles(data)) {
            byte[] bytes = Files.readAllBytes(file);
            bytes[random.nextInt(bytes.length)] ^= 1;
            Files.write(file, bytes);
        }
        for (int round = 0; round < 2; round++) {
            try (EmbeddedNode node = new EmbeddedNode(data)) {
                assertThat(node.collections().damage()).isEmpty();
                VectorCollection things = node.collections().require("things");
                check(things, 5);
                awaitReady(things);
                assertThat(things.indexes().stream().map(IndexStatus::index))
                        .isEqualTo(RandomFilters.INDEXES.subList(1, 7));
                check(things, 15);
            }
            for (Path file : indexFiles(data)) {
                Files.delete(file);
            }
        }
    }

    /** The newest checkpoint is gone: the one before has indexes, and a log behind it. */
    @Test
    void shouldGoOnFromTheIndexesOfACheckpointWithALogBehindIt() throws IOException {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            for (FieldIndex index : RandomFilters.INDEXES) {
                get(things.createIndex(index));
            }
            writeAndChange(things);
            get(things.commit());
            writeAndChange(things);
        }
        List<Path> all = indexFiles(data);
        assertThat(all).as("two of each shard").hasSize(4);
        for (Path file : all) {
            boolean newest = all.stream()
                    .filter(other -> Objects.equals(other.getParent(), file.getParent()))
                    .allMatch(other -> sequence(other) <= sequence(file));
            if (newest) {
                Files.delete(file);
                Files.delete(file.resolveSibling("checkpoint-" + sequence(file)));
            }
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.collections().require("things");
            assertThat(things.indexes()).hasSize(7).allMatch(IndexStatus::ready);
            check(things, 40);
            writeAndChange(things);
            check(things, 20);
        }
    }

    private static long sequence(Path file) {
        return Long.parseLong(file.getFileName().toString().replaceAll("\\D", ""));
    }

    @Test
    void shouldDeleteWhatAFilterAcceptsAndNothingElse() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            get(things.createIndex(RandomFilters.INDEXES.getFirst()));
            for (int round = 0; round < 12; round++) {
                write(things);
                Filter filter = filters.filter(2);
                assertThat(get(things.delete(filter, Ack.INDEXED)).count())
                        .as("%s", filter)
                        .isEqualTo(get(oracle.delete(filter, Ack.INDEXED)).count());
                check(things, 3);
            }
        }
    }

    @Test
    void shouldRefuseAnIndexTooMany() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(CONFIG);
            for (int i = 0; i < 64; i++) {
                get(things.createIndex(new FieldIndex("f" + i, Kind.KEYWORD)));
            }
            get(things.createIndex(new FieldIndex("metadata.f7", Kind.KEYWORD)));
            assertThatThrownBy(() -> get(things.createIndex(new FieldIndex("g", Kind.KEYWORD))))
                    .hasMessageContaining("expected at most 64");
            assertThat(things.indexes()).hasSize(64).allMatch(IndexStatus::ready);
        }
    }
}
