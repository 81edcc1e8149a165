package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomFilters;
import dev.shaula.model.Ack;
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
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Data directories that earlier versions wrote must stay readable: one archive for each version of the format, never
 * changed once it is released. {@link #main} writes the one of the present version.
 */
@NullMarked
class GoldenDataTest {
    private static final int POINTS = 300;
    private static final int INDEXED = 150;
    private static final long INDEXED_SEED = 20_276;
    private static final int DIMENSIONS = 5;
    private static final long TTL_SECONDS = 3_155_760_000L;
    private static final long IN_2100 = 4_102_444_800_000L;
    private static final MetadataChange CHANGE =
            new MetadataChange(true, List.of(), Metadata.ofJson("{\"changed\":1}"), Expiry.at(IN_2100));
    /** As they were when the archive was written. */
    private static final Map<String, Long> VERSIONS = Map.of("changed0", 2L, "changed1", 5L);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    @Test
    void shouldReadWhatFormat1Wrote() throws IOException {
        unpack("/golden/format-1.zip", data);
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            check(node, config());
            VectorCollection golden = node.collections().require("golden");
            // What a checkpoint of that time held has no version, and the log behind it gives one.
            assertThat(get(golden.get("p11")).orElseThrow().version()).isZero();
            assertThat(get(golden.get("p4")).orElseThrow().version()).isPositive();
            MetadataChange change =
                    new MetadataChange(true, List.of(), Metadata.ofJson("{\"new\":1}"), Expiry.UNCHANGED);
            assertThat(get(golden.update(List.of("p11"), change, Ack.INDEXED)).count())
                    .isOne();
            Point changed = get(golden.get("p11")).orElseThrow();
            assertThat(changed.metadata()).isEqualTo(change.set());
            assertThat(changed.version()).isPositive();
        }
    }

    @Test
    void shouldReadWhatFormat2Wrote() throws IOException {
        unpack("/golden/format-2.zip", data);
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            check(node, config().withTtlSeconds(TTL_SECONDS));
            VectorCollection golden = node.collections().require("golden");
            for (String id : List.of("changed0", "changed1")) {
                Point changed = get(golden.get(id)).orElseThrow();
                assertThat(changed.metadata()).isEqualTo(CHANGE.set());
                assertThat(changed.expiry()).isEqualTo(Expiry.at(IN_2100));
                assertThat(changed.version()).isEqualTo(VERSIONS.get(id));
            }
            assertThat(get(golden.get("p11")).orElseThrow().expiry()).isEqualTo(Expiry.NEVER);
        }
    }

    /** Checkpoints of version 2, and of a generation from which dead rows were dropped, whose numbers are no ordinals. */
    @Test
    void shouldReadCheckpointsOfVersion2WithoutTheRowsThatWereDropped() throws IOException {
        unpack("/golden/checkpoint-2.zip", data);
        try (Stream<Path> files = Files.walk(data)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .as("the archive holds what it is for")
                    .contains("rows-1")
                    .doesNotContain("rows");
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            check(node, config());
            assertThat(node.collections().require("alias").info().config().name())
                    .isEqualTo("golden");
            assertThat(node.collections().require("golden").indexes())
                    .extracting(IndexStatus::index)
                    .containsExactly(new FieldIndex("n", FieldIndex.Kind.INTEGER));
        }
    }

    /** Indexes of each kind that lie beside a checkpoint, with rows changed in place; they are there without being built. */
    @Test
    void shouldReadTheIndexesBesideACheckpoint() throws IOException {
        unpack("/golden/indexes-1.zip", data);
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().damage()).isEmpty();
            VectorCollection golden = node.collections().require("golden");
            assertThat(golden.indexes()).hasSize(RandomFilters.INDEXES.size()).allMatch(IndexStatus::ready);
            Map<String, Metadata> rows = indexedRows();
            RandomFilters filters = new RandomFilters(INDEXED_SEED + 1);
            for (int i = 0; i < 100; i++) {
                Filter filter = i % 2 == 0 ? filters.filter(2) : filters.answerable(2);
                long expected = rows.values().stream()
                        .filter(row -> OracleFilter.matches(filter, row))
                        .count();
                assertThat(get(golden.count(filter))).as("%s", filter).isEqualTo(expected);
            }
        }
    }

    /** What the archive of indexes holds in the end. */
    private static Map<String, Metadata> indexedRows() {
        RandomFilters filters = new RandomFilters(INDEXED_SEED);
        Map<String, Metadata> rows = new LinkedHashMap<>();
        for (int i = 0; i < INDEXED; i++) {
            rows.put("p" + i, filters.row());
        }
        for (int i = 0; i < INDEXED; i += 9) {
            rows.put("p" + i, filters.row());
        }
        return rows;
    }

    private static void writeIndexes(Path archive) throws IOException {
        Path directory = Files.createTempDirectory("golden");
        try (EmbeddedNode node = new EmbeddedNode(directory)) {
            VectorCollection golden = get(node.collections().create(config(), RandomFilters.INDEXES))
                    .collection();
            RandomFilters filters = new RandomFilters(INDEXED_SEED);
            for (int i = 0; i < INDEXED; i++) {
                Point point = new Point("p" + i, point(i).vector(), filters.row());
                get(golden.upsert(List.of(point), Ack.INDEXED));
            }
            for (int i = 0; i < INDEXED; i += 9) {
                MetadataChange change = new MetadataChange(true, List.of(), filters.row(), Expiry.UNCHANGED);
                get(golden.update(List.of("p" + i), change, Ack.INDEXED));
            }
            get(golden.commit());
            pack(directory, archive);
        }
    }

    private static void check(EmbeddedNode node, CollectionConfig config) {
        assertThat(node.collections().damage()).isEmpty();
        VectorCollection golden = node.collections().require("golden");
        assertThat(golden.info().config()).isEqualTo(config);
        assertThat(get(golden.count(new Filter.Not(new Filter.Exists("changed")))))
                .isEqualTo(POINTS - 1);
        assertThat(get(golden.get("p3"))).isEmpty();
        for (int i = 4; i < POINTS; i += 7) {
            Point expected = point(i);
            Point found = get(golden.get("p" + i)).orElseThrow();
            assertThat(found.vector()).isEqualTo(expected.vector());
            assertThat(found.metadata()).isEqualTo(expected.metadata());
            List<ScoredPoint> nearest = get(golden.search(SearchRequest.of(expected.vector(), 1)));
            assertThat(nearest.getFirst().id()).isEqualTo("p" + i);
        }
    }

    /**
     * Writes an archive of a data directory with a checkpoint, a log behind it, an upsert over a point, a delete, and on
     * both sides of the checkpoint a change of metadata and points that expire. A second argument is the archive of indexes.
     */
    public static void main(String[] args) throws IOException {
        if (args.length > 1) {
            writeIndexes(Path.of(args[1]));
        }
        Path directory = Files.createTempDirectory("golden");
        try (EmbeddedNode node = new EmbeddedNode(directory)) {
            VectorCollection golden = node.create(config().withTtlSeconds(TTL_SECONDS));
            get(golden.upsert(points(0, POINTS - 10), Ack.INDEXED));
            change(golden, "changed0");
            get(golden.commit());
            get(golden.upsert(points(0, 5), Ack.INDEXED));
            change(golden, "changed1");
            get(golden.upsert(points(POINTS - 10, POINTS), Ack.INDEXED));
            get(golden.delete(List.of("p3"), Ack.INDEXED));
            // Packed while the node runs: as a kill would leave it, with a log to replay.
            pack(directory, Path.of(args[0]));
        }
    }

    private static void change(VectorCollection golden, String id) {
        Point point = new Point(id, new float[DIMENSIONS], Metadata.ofJson("{\"old\":1}"));
        get(golden.upsert(List.of(point.withExpiry(Expiry.at(IN_2100 - 1))), Ack.INDEXED));
        get(golden.update(List.of(id), CHANGE, Ack.INDEXED));
        System.out.println(
                id + " has version " + get(golden.get(id)).orElseThrow().version());
    }

    private static CollectionConfig config() {
        return new CollectionConfig("golden", DIMENSIONS, Metric.EUCLIDEAN, 2, 4, 20, true);
    }

    private static List<Point> points(int from, int to) {
        List<Point> points = new ArrayList<>();
        for (int i = from; i < to; i++) {
            points.add(point(i));
        }
        return points;
    }

    private static Point point(int i) {
        float[] vector = new float[DIMENSIONS];
        for (int j = 0; j < DIMENSIONS; j++) {
            vector[j] = (float) Math.sin(i * (j + 1));
        }
        return new Point("p" + i, vector, i % 2 == 0 ? Metadata.EMPTY : Metadata.ofJson("{\"n\":" + i + "}"))
                .withExpiry(Expiry.NEVER);
    }

    private static void pack(Path directory, Path archive) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(archive));
                var files = Files.walk(directory)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile).sorted()::iterator) {
                String name = directory.relativize(file).toString();
                if (!name.equals("reserve") && !name.endsWith("/LOG")) {
                    zip.putNextEntry(new ZipEntry(name));
                    Files.copy(file, zip);
                }
            }
        }
    }

    private static void unpack(String resource, Path directory) throws IOException {
        try (InputStream in = Objects.requireNonNull(GoldenDataTest.class.getResourceAsStream(resource), resource);
                ZipInputStream zip = new ZipInputStream(in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path file = directory.resolve(entry.getName());
                Files.createDirectories(Objects.requireNonNull(file.getParent()));
                Files.copy(zip, file);
            }
        }
    }
}
