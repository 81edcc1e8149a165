package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.helpers.test.UniAssertSubscriber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@NullMarked
class LocalCollectionsLifecycleTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private static CollectionConfig config(String name, int dimensions, Metric metric, int shards) {
        return new CollectionConfig(name, dimensions, metric, shards, 8, 40, true);
    }

    private static CollectionConfig config(String name, int shards) {
        return config(name, 2, Metric.COSINE, shards);
    }

    private static Point point(String id) {
        return new Point(id, new float[] {1, id.hashCode()}, Metadata.EMPTY);
    }

    private List<Path> folders() throws IOException {
        try (Stream<Path> all = Files.list(data.resolve("collections"))) {
            return all.sorted().toList();
        }
    }

    @Test
    void shouldNameAShardThatStopsWritingWhileItServes() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection collection =
                    get(node.collections().create(config("things", 1))).collection();
            List<Point> failing = new AbstractList<>() {
                @Override
                public Point get(int index) {
                    if (Thread.currentThread().getName().contains("shaula-shard")) {
                        throw new IllegalStateException("made up by a test");
                    }
                    return point("bad");
                }

                @Override
                public int size() {
                    return 1;
                }
            };
            assertThat(node.collections().damage()).isEmpty();
            assertThatThrownBy(() -> get(collection.upsert(failing, Ack.INDEXED)))
                    .hasMessageContaining("stopped writing");
            assertThat(node.collections().damage())
                    .singleElement()
                    .asString()
                    .startsWith("things/0: stopped writing after")
                    .contains("made up by a test");
            get(node.collections().drop("things"));
            assertThat(node.collections().damage()).isEmpty();
        }
    }

    @Test
    void shouldMakeOneCollectionHoweverManyCreateItAtOnce() throws Exception {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            List<Thread> threads = new ArrayList<>();
            List<UniAssertSubscriber<CollectionRegistry.Created>> answers = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                UniAssertSubscriber<CollectionRegistry.Created> answer = UniAssertSubscriber.create();
                answers.add(answer);
                threads.add(Thread.ofVirtual()
                        .unstarted(() -> node.collections()
                                .create(config("same", 1))
                                .subscribe()
                                .withSubscriber(answer)));
            }
            threads.forEach(Thread::start);
            answers.forEach(answer -> answer.awaitItem(PATIENCE));
            assertThat(answers.stream().map(a -> a.getItem().collection()).distinct())
                    .hasSize(1);
            assertThat(answers.stream().filter(a -> !a.getItem().alreadyExisted()))
                    .hasSize(1);
            assertThat(folders()).hasSize(1);
        }
    }

    @Test
    void shouldRefuseANameThatIsTakenByAnotherShape() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            node.create(config("taken", 1));
            for (CollectionConfig other :
                    List.of(config("taken", 3, Metric.COSINE, 1), config("taken", 2, Metric.DOT, 1))) {
                assertThatThrownBy(() -> node.create(other))
                        .isInstanceOfSatisfying(
                                VectorDbException.class,
                                e -> assertThat(e.kind()).isEqualTo(VectorDbException.Kind.CONFLICT))
                        .hasMessageContaining("\"taken\" already exists with 2 dimensions and metric cosine");
            }
        }
    }

    @Test
    void shouldAnswerEveryWriteOfACollectionThatIsDropped() throws Exception {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection doomed = node.create(config("doomed", 16, Metric.COSINE, 2));
            RandomVectors random = new RandomVectors(16, 4);
            List<UniAssertSubscriber<WriteResult>> answers = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                answers.add(doomed.upsert(random.points("a" + i + "-", 20), Ack.INDEXED)
                        .subscribe()
                        .withSubscriber(UniAssertSubscriber.create()));
                if (i == 100) {
                    node.collections().drop("doomed").subscribe().with(x -> {});
                }
            }
            for (UniAssertSubscriber<WriteResult> answer : answers) {
                Uni<Boolean> ended = Uni.createFrom().item(() -> {
                    while (answer.getItem() == null && answer.getFailure() == null) {
                        Thread.onSpinWait();
                    }
                    return true;
                });
                assertThat(ended.runSubscriptionOn(Thread::startVirtualThread)
                                .await()
                                .atMost(PATIENCE))
                        .isTrue();
                if (answer.getFailure() != null) {
                    assertThat(answer.getFailure()).isInstanceOf(VectorDbException.class);
                }
            }
            assertThat(answers.getFirst().getItem()).isNotNull();
            assertThat(node.collections().writeBudget().used()).isZero();
            get(node.create(config("doomed", 2)).get("x"));
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().size()).isEqualTo(1);
            assertThat(node.collections().damage()).isEmpty();
            assertThat(folders()).hasSize(1);
        }
    }

    /** Else a crash could bring the old collection back in place of a new one of the same name. */
    @Test
    void shouldForgetACollectionOnDiskBeforeItsNameIsFree() throws Exception {
        try (EmbeddedNode node = new EmbeddedNode(data, LocalCollections.Settings.defaults(), s -> s)) {
            VectorCollection doomed = node.create(config("doomed", 2));
            get(doomed.upsert(List.of(point("a")), Ack.INDEXED));
            Path manifest = folders().getFirst().resolve(Manifest.FILE);
            UniAssertSubscriber<Void> drop =
                    node.collections().drop("doomed").subscribe().withSubscriber(UniAssertSubscriber.create());
            while (node.collections().size() > 0) {
                Thread.onSpinWait();
            }
            assertThat(manifest).doesNotExist();
            drop.awaitItem(PATIENCE);
            assertThat(folders()).isEmpty();
        }
    }

    @Test
    void shouldQuarantineADamagedShardByNameWhileTheOthersServe() throws Exception {
        List<Point> points =
                IntStream.range(0, 60).mapToObj(i -> point("p" + i)).toList();
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            get(node.create(config("hurt", 3)).upsert(points, Ack.INDEXED));
            get(node.create(config("well", 1)).upsert(points, Ack.INDEXED));
        }
        Path hurt = folders().stream()
                .filter(f -> f.getFileName().toString().startsWith("hurt"))
                .findFirst()
                .orElseThrow();
        try (Stream<Path> files = Files.walk(hurt.resolve("shard-001"))) {
            for (Path file : files.filter(f -> f.getFileName().toString().equals("CURRENT"))
                    .toList()) {
                Files.writeString(file, "damage");
            }
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().damage()).singleElement().asString().startsWith("hurt/1: ");
            VectorCollection collection = node.collections().require("hurt");
            for (Point point : points) {
                if (Routing.shardOf(point.id(), 3) == 1) {
                    assertThatThrownBy(() -> get(collection.get(point.id())))
                            .isInstanceOfSatisfying(
                                    VectorDbException.class,
                                    e -> assertThat(e.kind()).isEqualTo(VectorDbException.Kind.UNAVAILABLE))
                            .hasMessageContaining("shard hurt/1 is quarantined");
                } else {
                    assertThat(get(collection.get(point.id()))).isPresent();
                }
            }
            assertThatThrownBy(() -> get(collection.search(SearchRequest.of(new float[] {1, 1}, 3))))
                    .hasMessageContaining("shard hurt/1 is quarantined");
            assertThat(get(node.collections().require("well").search(SearchRequest.of(new float[] {1, 1}, 3))))
                    .hasSize(3);
        }
    }

    @Test
    void shouldSweepWhatACrashLeftAndNameADamagedManifest() throws Exception {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            node.create(config("whole", 1));
            node.create(config("torn", 1));
        }
        Path collections = data.resolve("collections");
        Files.createDirectories(collections.resolve("half-made-0001/shard-000"));
        Files.writeString(collections.resolve("half-made-0001/collection.json.new"), "{");
        Files.createDirectories(collections.resolve(".dropped-old-0002/shard-000"));
        Files.writeString(collections.resolve(".dropped-old-0002").resolve(Manifest.FILE), "{}");
        Path torn = folders().stream()
                .filter(f -> f.getFileName().toString().startsWith("torn"))
                .findFirst()
                .orElseThrow();
        Files.writeString(torn.resolve(Manifest.FILE), "{\"version\":1");
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().list()).as("mended from the copy").hasSize(2);
        }
        Files.writeString(torn.resolve(Manifest.FILE), "{\"version\":1");
        Files.writeString(torn.resolve(Manifest.FILE + ".copy"), "{");
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().list()).hasSize(1);
            assertThat(folders()).hasSize(2).contains(torn);
            assertThat(node.collections().damage())
                    .singleElement()
                    .asString()
                    .contains("torn")
                    .contains(Manifest.FILE);
        }
    }

    @Test
    void shouldKeepOddNamesOverAReopen() {
        List<String> names = List.of(
                "plain",
                "Plain",
                "with spaces  and\u00a0more",
                "a/b/../c",
                "back\\slash",
                "ключ-值-🦂",
                "quote\"{}'",
                "x".repeat(255),
                "-",
                "CON",
                "%2e%2e");
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            for (String name : names) {
                get(node.create(config(name, 1)).upsert(List.of(point(name.substring(0, 1))), Ack.INDEXED));
            }
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            assertThat(node.collections().list().stream()
                            .map(c -> c.info().config().name()))
                    .containsExactlyInAnyOrderElementsOf(names);
            for (String name : names) {
                assertThat(get(node.collections().require(name).get(name.substring(0, 1))))
                        .isPresent();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Metric.class)
    void shouldMergeShardsIntoTheAnswerOfOne(Metric metric) {
        RandomVectors random = new RandomVectors(12, 77);
        List<Point> points = random.points("p", 1_800);
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection one = node.create(config("one", 12, metric, 1));
            VectorCollection five = node.create(config("five", 12, metric, 5));
            for (VectorCollection collection : List.of(one, five)) {
                get(collection.upsert(points, Ack.INDEXED));
                get(collection.delete(List.of("p3", "p333", "p1333"), Ack.INDEXED));
            }
            for (int k : new int[] {1, 10, 300, 5_000}) {
                SearchRequest request = SearchRequest.of(random.next(), k).withExact(true);
                List<ScoredPoint> expected = get(one.search(request));
                assertThat(expected).hasSize(Math.min(k, 1_797));
                List<ScoredPoint> merged = get(five.search(request));
                assertThat(merged).isSortedAccordingTo(Comparator.comparingDouble(p -> -p.score()));
                assertThat(tiesById(merged)).isEqualTo(tiesById(expected));
            }
        }
    }

    /** Of points with the very same score, shards that know nothing of each other cannot tell which came first. */
    private static List<ScoredPoint> tiesById(List<ScoredPoint> found) {
        return found.stream()
                .sorted(Comparator.comparingDouble((ScoredPoint p) -> -p.score())
                        .thenComparing(ScoredPoint::id))
                .toList();
    }
}
