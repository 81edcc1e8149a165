package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.IndexStatus;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
    private static final int DIMENSIONS = 5;
    private static final FieldIndex INDEX = new FieldIndex("n", FieldIndex.Kind.INTEGER);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    @Test
    void shouldReadWhatFormat1Wrote() throws IOException {
        unpack("/golden/format-1.zip", data);
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            check(node);
        }
    }

    /** Checkpoints of version 2: of a generation from which dead rows were dropped, whose numbers are no ordinals. */
    @Test
    void shouldReadWhatFormat2Wrote() throws IOException {
        unpack("/golden/format-2.zip", data);
        for (int shard = 0; shard < config().shards(); shard++) {
            assertThat(generations(data, shard))
                    .as("the archive holds what it is for")
                    .isNotEmpty();
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            check(node);
            assertThat(node.collections().require("alias").info().config().name())
                    .isEqualTo("golden");
            assertThat(node.collections().require("golden").indexes())
                    .extracting(IndexStatus::index)
                    .containsExactly(INDEX);
        }
    }

    private static void check(EmbeddedNode node) {
        assertThat(node.collections().damage()).isEmpty();
        VectorCollection golden = node.collections().require("golden");
        assertThat(golden.info().config()).isEqualTo(config());
        assertThat(golden.info().vectorCount()).isEqualTo(POINTS - 1);
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
     * Writes an archive of a data directory with an alias, an index, a checkpoint of a later generation, a log behind it,
     * an update and a delete.
     */
    public static void main(String[] args) throws IOException {
        Path directory = Files.createTempDirectory("golden");
        try (EmbeddedNode node = new EmbeddedNode(directory)) {
            VectorCollection golden = node.create(config());
            get(golden.createIndex(INDEX));
            get(node.collections().aliases().set("alias", "golden"));
            for (int round = 0;
                    generations(directory, 0).isEmpty()
                            || generations(directory, 1).isEmpty();
                    round++) {
                // Others under the same ids, so that rows die until they are dropped.
                get(golden.upsert(others(POINTS - 10, round), Ack.INDEXED));
                get(golden.commit());
            }
            get(golden.upsert(points(0, POINTS - 10), Ack.INDEXED));
            get(golden.commit());
            get(golden.upsert(points(0, 5), Ack.INDEXED));
            get(golden.upsert(points(POINTS - 10, POINTS), Ack.INDEXED));
            get(golden.delete(List.of("p3"), Ack.INDEXED));
            // Packed while the node runs: as a kill would leave it, with a log to replay.
            pack(directory, Path.of(args[0]));
        }
    }

    /** Files of rows of a shard's generations after the first. */
    private static List<Path> generations(Path directory, int shard) throws IOException {
        try (Stream<Path> files = Files.walk(directory.resolve("collections"))) {
            return files.filter(f -> f.toString().contains("shard-00" + shard))
                    .filter(f -> f.getFileName().toString().startsWith("rows-"))
                    .toList();
        }
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

    /** Points {@code 0 .. to - 1} as they never are in the end. */
    private static List<Point> others(int to, int round) {
        return points(0, to).stream()
                .map(p -> new Point(p.id(), new float[] {round, 1, 2, 3, p.id().hashCode()}, p.metadata()))
                .toList();
    }

    private static Point point(int i) {
        float[] vector = new float[DIMENSIONS];
        for (int j = 0; j < DIMENSIONS; j++) {
            vector[j] = (float) Math.sin(i * (j + 1));
        }
        return new Point("p" + i, vector, i % 2 == 0 ? Metadata.EMPTY : Metadata.ofJson("{\"n\":" + i + "}"));
    }

    private static void pack(Path directory, Path archive) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(archive));
                var files = Files.walk(directory)) {
            for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile).sorted()::iterator) {
                String name = directory.relativize(file).toString();
                if (!name.equals("reserve") && !name.startsWith("native/") && !name.endsWith("/LOG")) {
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
