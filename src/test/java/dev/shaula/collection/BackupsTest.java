package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.CollectionInfo;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import dev.shaula.shard.ShardFiles;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class BackupsTest {
    private static final int DIMENSIONS = 16;

    @TempDir
    Path data;

    private static CollectionConfig config(String name, int shards) {
        return new CollectionConfig(name, DIMENSIONS, Metric.EUCLIDEAN, shards, 16, 100, true);
    }

    private static VectorCollection filled(EmbeddedNode node, String name, int shards, int points) {
        VectorCollection made = node.create(config(name, shards));
        get(made.upsert(new RandomVectors(DIMENSIONS, points).points(name, points), Ack.INDEXED));
        return made;
    }

    private static Backups.Info backup(EmbeddedNode node, String name) {
        return get(node.collections().backups().create(new Backups.Request(null, name)));
    }

    private static List<CollectionInfo> restore(
            EmbeddedNode node, String backup, @Nullable String collection, @Nullable String as) {
        return get(node.collections().backups().restore(new Backups.Restoration(backup, collection, as)));
    }

    private static void assertRefused(Uni<?> call, VectorDbException.Kind kind, String text) {
        assertThatThrownBy(() -> get(call))
                .isInstanceOfSatisfying(
                        VectorDbException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessageContaining(text);
    }

    /** Recall@10 of the collection's own points, against comparing with all of them. */
    private static double recall(VectorCollection collection, List<Point> points) {
        int found = 0;
        int queries = 50;
        for (int q = 0; q < queries; q++) {
            float[] query = points.get(q * points.size() / queries).vector();
            Set<String> nearest = new HashSet<>(points.stream()
                    .sorted(Comparator.comparingDouble(p -> squaredDistance(p.vector(), query)))
                    .limit(10)
                    .map(Point::id)
                    .toList());
            for (ScoredPoint hit : get(collection.search(SearchRequest.of(query, 10)))) {
                found += nearest.contains(hit.id()) ? 1 : 0;
            }
        }
        return found / (10.0 * queries);
    }

    private static double squaredDistance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }

    @Test
    void shouldRestoreAllCollectionsAndAliasesIntoAnEmptyServer() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            filled(node, "one", 3, 500);
            filled(node, "two", 1, 207);
            node.create(config("empty", 2));
            get(node.collections().aliases().set("live", "one"));
            Backups.Info info = backup(node, "all");
            assertThat(info.status()).isEqualTo(Backups.Status.COMPLETE);
            assertThat(info.collections()).extracting(Backups.Part::collection).containsExactly("empty", "one", "two");
            assertThat(info.collections().getFirst().sequences()).containsExactly(-1L, -1L);
            get(node.collections().aliases().delete("live"));
            for (String name : List.of("one", "two", "empty")) {
                get(node.collections().drop(name));
            }
            assertThat(restore(node, "all", null, null)).hasSize(3);
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().damage()).isEmpty();
            VectorCollection again = filled(node, "again", 1, 500);
            assertThat(again.info().vectorCount()).isEqualTo(500);
            VectorCollection restored = node.collections().require("live");
            assertThat(restored.info().config()).isEqualTo(config("one", 3));
            List<Point> points = new RandomVectors(DIMENSIONS, 500).points("one", 500);
            for (Point point : points) {
                assertThat(get(restored.get(point.id())).orElseThrow().vector()).isEqualTo(point.vector());
            }
            assertThat(recall(restored, points)).isGreaterThan(0.95);
            assertThat(node.collections().require("empty").info().vectorCount()).isZero();
            get(restored.upsert(points.subList(0, 1), Ack.INDEXED));
        }
    }

    @Test
    void shouldLeaveBackupAndOriginalAloneWhateverHappensToTheCopy() throws IOException {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = filled(node, "things", 1, 702);
            backup(node, "b");
            restore(node, "b", "things", "first");
            VectorCollection first = node.collections().require("first");
            get(first.upsert(new RandomVectors(DIMENSIONS, 1).points("things", 300), Ack.INDEXED));
            // So many checkpoints that none is left from before the copy was made, in either collection.
            for (int i = 0; i < 3; i++) {
                get(first.upsert(new RandomVectors(DIMENSIONS, 2).points("more" + i, 234), Ack.INDEXED));
                get(first.commit());
                get(things.upsert(new RandomVectors(DIMENSIONS, 3).points("other" + i, 234), Ack.INDEXED));
                get(things.commit());
            }
            Set<Object> owned = new HashSet<>();
            for (Path file : files(data.resolve("collections"))) {
                if (!ShardFiles.immutable(file)) {
                    assertThat(owned.add(Files.getAttribute(file, "unix:ino")))
                            .as("%s is shared though it may be written to", file)
                            .isTrue();
                }
            }
            restore(node, "b", "things", "second");
            VectorCollection second = node.collections().require("second");
            for (Point point : new RandomVectors(DIMENSIONS, 702).points("things", 702)) {
                assertThat(get(second.get(point.id())).orElseThrow().vector()).isEqualTo(point.vector());
                assertThat(get(things.get(point.id())).orElseThrow().vector()).isEqualTo(point.vector());
            }
            assertThat(second.info().vectorCount()).isEqualTo(702);
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().damage()).isEmpty();
            for (String name : List.of("first", "things")) {
                assertThat(node.collections().require(name).info().vectorCount())
                        .isEqualTo(1404);
            }
        }
    }

    @Test
    void shouldRefuseANameThatIsTaken() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = filled(node, "things", 1, 13);
            backup(node, "b");
            Backups backups = node.collections().backups();
            assertRefused(
                    backups.restore(new Backups.Restoration("b", null, null)),
                    VectorDbException.Kind.CONFLICT,
                    "collection \"things\" already exists");
            get(node.collections().aliases().set("live", "things"));
            assertRefused(
                    backups.restore(new Backups.Restoration("b", "things", "live")),
                    VectorDbException.Kind.CONFLICT,
                    "\"live\" already exists as an alias");
            assertRefused(
                    backups.create(new Backups.Request("things", "b")),
                    VectorDbException.Kind.CONFLICT,
                    "backup \"b\" already exists");
            assertThat(node.collections().list()).containsExactly(things);
        }
    }

    @Test
    void shouldRefuseWhatDoesNotExistAndNamesThatLeadElsewhere() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            filled(node, "things", 1, 13);
            filled(node, "others", 1, 13);
            backup(node, "b");
            Backups backups = node.collections().backups();
            assertRefused(
                    backups.create(new Backups.Request("nothing", null)), VectorDbException.Kind.NOT_FOUND, "nothing");
            assertRefused(backups.delete("c"), VectorDbException.Kind.NOT_FOUND, "backup \"c\" does not exist");
            assertRefused(
                    backups.restore(new Backups.Restoration("b", "nothing", null)),
                    VectorDbException.Kind.NOT_FOUND,
                    "holds no collection \"nothing\", but [others, things]");
            assertRefused(
                    backups.restore(new Backups.Restoration("b", null, "x")), VectorDbException.Kind.INVALID, "as:");
            for (String name : List.of("", ".", "..", ".new-x", "a/b", "/etc", "a\\b", "x".repeat(101))) {
                assertRefused(backups.create(new Backups.Request(null, name)), VectorDbException.Kind.INVALID, "name:");
                assertRefused(backups.delete(name), VectorDbException.Kind.INVALID, "backup:");
                assertRefused(
                        backups.restore(new Backups.Restoration(name, null, null)),
                        VectorDbException.Kind.INVALID,
                        "backup:");
            }
        }
    }

    @Test
    void shouldNameTheDamagedFileAndMakeNothing() throws IOException {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            filled(node, "things", 1, 702);
            backup(node, "b");
            get(node.collections().drop("things"));
            Set<String> kinds = new HashSet<>();
            for (Path file : files(data.resolve("backups/b"))) {
                long bytes = Files.size(file);
                for (long at : bytes == 0 ? new long[0] : new long[] {0, bytes / 2, bytes - 1}) {
                    flip(file, at);
                    assertRefused(
                            node.collections().backups().restore(new Backups.Restoration("b", null, null)),
                            VectorDbException.Kind.INTERNAL,
                            file.getFileName().toString());
                    flip(file, at);
                }
                kinds.add(file.getFileName().toString().replaceFirst("[-.]?\\d+", ""));
            }
            assertThat(kinds)
                    .contains(
                            "backup.json",
                            "collection.json",
                            "collection.json.copy",
                            "rows",
                            "checkpoint",
                            "watermark",
                            "CURRENT")
                    .contains("MANIFEST", "OPTIONS", ".sst", ".blob");
            assertThat(node.collections().list()).isEmpty();
            assertThat(files(data.resolve("collections"))).isEmpty();
            assertThat(restore(node, "b", null, null)).hasSize(1);
        }
    }

    @Test
    void shouldNameTheMissingFile() throws IOException {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            filled(node, "things", 1, 702);
            backup(node, "b");
            Path rows = files(data.resolve("backups/b")).stream()
                    .filter(f -> f.endsWith("rows"))
                    .findFirst()
                    .orElseThrow();
            Files.delete(rows);
            Uni<?> restored = node.collections().backups().restore(new Backups.Restoration("b", "things", "copy"));
            assertRefused(restored, VectorDbException.Kind.INTERNAL, rows + ": is damaged");
            Files.createSymbolicLink(rows, data.resolve("LOCK"));
            assertRefused(restored, VectorDbException.Kind.INTERNAL, rows + ": is damaged");
            assertThat(node.collections().find("copy")).isEmpty();
        }
    }

    @Test
    void shouldRefuseAManifestThatPointsOutside() throws IOException {
        for (String path : List.of("../x", "/etc/passwd", "a/../x", ".hidden", "a//b", "a\\..\\x", "a/b/c/d/e", "")) {
            BackupManifest.Content file = new BackupManifest.Content(path, 1, 0);
            var forged = new BackupManifest.Collection("things", "things-1", List.of(0L), List.of(file));
            new BackupManifest("b", Instant.EPOCH, "test", List.of(forged), Map.of()).write(data);
            assertThatThrownBy(() -> BackupManifest.read(data))
                    .as(path)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("expected a relative path of plain names");
        }
        var forged = new BackupManifest.Collection("things", "..", List.of(0L), List.of());
        new BackupManifest("b", Instant.EPOCH, "test", List.of(forged), Map.of()).write(data);
        assertThatThrownBy(() -> BackupManifest.read(data)).hasMessageContaining("found \"..\"");
    }

    @Test
    void shouldShareUnchangedFilesBetweenBackups() throws IOException {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = filled(node, "things", 2, 702);
            backup(node, "first");
            get(things.delete(List.of("things1"), Ack.INDEXED));
            backup(node, "second");
            Map<String, Object> first = inodes("first");
            Map<String, Object> second = inodes("second");
            first.keySet().retainAll(second.keySet()); // a trim of the log drops whole files, sooner or later
            assertThat(second).containsAllEntriesOf(first);
            assertThat(first.keySet()).anyMatch(f -> f.endsWith(".sst")).anyMatch(f -> f.endsWith("rows"));
            get(node.collections().backups().delete("first"));
            get(node.collections().drop("things"));
            restore(node, "second", null, null);
            assertThat(node.collections().require("things").info().vectorCount())
                    .isEqualTo(701);
        }
    }

    /** Of the files that hold vectors, metadata and log records. */
    private Map<String, Object> inodes(String backup) throws IOException {
        Path folder = data.resolve("backups").resolve(backup);
        Map<String, Object> inodes = new TreeMap<>();
        for (Path file : files(folder)) {
            String name = file.toString();
            if (name.endsWith(".sst") || name.endsWith(".blob") || name.endsWith("rows")) {
                inodes.put(folder.relativize(file).toString(), Files.getAttribute(file, "unix:ino"));
            }
        }
        return inodes;
    }

    @Test
    void shouldTakeOneAtATimeAndShowThatItRuns() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            filled(node, "things", 4, 702);
            Backups backups = node.collections().backups();
            boolean seen = false;
            for (int i = 0; i < 50 && !seen; i++) {
                CompletableFuture<Backups.Info> running =
                        backups.create(new Backups.Request(null, "b" + i)).subscribeAsCompletionStage();
                assertRefused(
                        backups.create(new Backups.Request(null, "other")),
                        VectorDbException.Kind.CONFLICT,
                        "one at a time");
                seen = get(backups.list()).stream().anyMatch(info -> info.status() == Backups.Status.RUNNING);
                assertThat(running.join().status()).isEqualTo(Backups.Status.COMPLETE);
            }
            assertThat(seen).isTrue();
            assertThat(get(backups.list())).noneMatch(info -> info.name().equals("other"));
        }
    }

    @Test
    void shouldIgnoreWhatIsNotWholeAndSweepWhatACrashLeft() throws IOException {
        Path crashed = Files.createDirectories(data.resolve("backups/.new-b/things-1"));
        Files.writeString(crashed.resolve("CURRENT"), "x");
        Path foreign = Files.createDirectories(data.resolve("backups/copied-by-hand"));
        Path damaged = Files.createDirectories(data.resolve("backups/damaged"));
        Files.writeString(damaged.resolve(BackupManifest.FILE), "{}");
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            List<Backups.Info> infos = get(node.collections().backups().list());
            assertThat(infos).extracting(Backups.Info::name).containsExactly("damaged");
            assertThat(infos.getFirst().status()).isEqualTo(Backups.Status.FAILED);
            assertThat(infos.getFirst().error()).contains("backup.json");
            assertThat(crashed.getParent()).doesNotExist();
            assertThat(foreign).exists();
        }
    }

    @Test
    void shouldEndABackupBeforeTheServerStops() {
        CompletableFuture<Backups.Info> running;
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            filled(node, "things", 4, 702);
            running = node.collections()
                    .backups()
                    .create(new Backups.Request(null, "b"))
                    .subscribeAsCompletionStage();
        }
        assertThat(running).isDone();
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            boolean complete = !running.isCompletedExceptionally();
            assertThat(get(node.collections().backups().list())).hasSize(complete ? 1 : 0);
            assertThat(node.collections().require("things").info().vectorCount())
                    .isEqualTo(702);
        }
    }

    private static List<Path> files(Path root) throws IOException {
        try (Stream<Path> all = Files.walk(root)) {
            return new ArrayList<>(all.filter(Files::isRegularFile).toList());
        }
    }

    private static void flip(Path file, long at) throws IOException {
        try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(at);
            int old = bytes.read();
            bytes.seek(at);
            bytes.write(old ^ 0x10);
        }
    }
}
