package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScrollPage;
import dev.shaula.model.ScrollRequest;
import dev.shaula.model.ScrollRequest.Order;
import dev.shaula.model.StoredPoint;
import dev.shaula.model.VectorDbException;
import dev.shaula.oracle.OracleCollection;
import io.smallrye.mutiny.helpers.test.AssertSubscriber;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@NullMarked
@Timeout(120)
class ScrollTest {
    private static final int DIMENSIONS = 5;
    private static final Filter ODD = new Filter.Compare("odd", Filter.Op.EQ, new Filter.Value.Bool(true));

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private final RandomVectors random = new RandomVectors(DIMENSIONS, 20_264);

    private static CollectionConfig config(int shards) {
        return new CollectionConfig("things", DIMENSIONS, Metric.COSINE, shards, 8, 40, true);
    }

    /** Ids whose order by UTF-16 is not their order by UTF-8, and some without metadata. */
    private List<Point> points(int n) {
        String[] prefixes = {"p", "\uE000", "\uD83D\uDE00", "é", "Z"};
        return IntStream.range(0, n)
                .mapToObj(i -> new Point(
                        prefixes[i % prefixes.length] + i,
                        random.next(),
                        i % 10 == 0 ? Metadata.EMPTY : Metadata.ofJson("{\"odd\":" + (i % 2 == 1) + "}")))
                .toList();
    }

    private static List<StoredPoint> readAll(VectorCollection things, ScrollRequest request, int limit) {
        List<StoredPoint> read = new ArrayList<>();
        ScrollPage page = get(things.scroll(request, limit));
        long total = page.total();
        while (true) {
            read.addAll(page.points());
            assertThat(page.points()).hasSizeLessThanOrEqualTo(limit);
            assertThat(page.total()).isEqualTo(total);
            String cursor = page.cursor();
            if (cursor == null) {
                assertThat(read).hasSize((int) total);
                return read;
            }
            page = get(things.scroll(cursor, limit));
        }
    }

    private static void assertSame(List<StoredPoint> read, List<StoredPoint> expected) {
        assertThat(read).usingRecursiveFieldByFieldElementComparator().containsExactlyElementsOf(expected);
    }

    @ParameterizedTest
    @CsvSource({"1, 7", "3, 7", "3, 1000"})
    void shouldReadInOrderOfIdsWhatTheOracleHolds(int shards, int limit) {
        OracleCollection oracle = new OracleCollection(config(shards));
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(config(shards));
            write(things, oracle);
            for (Filter filter : new @Nullable Filter[] {null, ODD}) {
                ScrollRequest request = new ScrollRequest(Order.ID, filter, true, true);
                assertSame(readAll(things, request, limit), oracle.read(request));
                assertThat(get(things.count(filter)))
                        .isEqualTo(oracle.read(request).size());
                ScrollRequest bare = new ScrollRequest(Order.ID, filter, false, false);
                assertSame(readAll(things, bare, limit), oracle.read(bare));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "3"})
    void shouldReadEverythingOnceInTheOrderOfWriting(int shards) {
        OracleCollection oracle = new OracleCollection(config(shards));
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(config(shards));
            write(things, oracle);
            ScrollRequest request = new ScrollRequest(Order.INSERTION, null, true, true);
            List<StoredPoint> expected = oracle.read(request);
            List<StoredPoint> streamed = get(things.scroll(request).collect().asList());
            for (List<StoredPoint> read : List.of(readAll(things, request, 97), streamed)) {
                if (shards == 1) {
                    assertSame(read, expected);
                } else {
                    assertThat(read)
                            .usingRecursiveFieldByFieldElementComparator()
                            .containsExactlyInAnyOrderElementsOf(expected);
                }
            }
        }
    }

    /** Upserts, then updates some and deletes others. */
    private void write(VectorCollection things, OracleCollection oracle) {
        List<Point> points = points(700);
        List<Point> updates = points.stream()
                .filter(p -> p.id().hashCode() % 5 == 0)
                .map(p -> new Point(p.id(), random.next(), p.metadata()))
                .toList();
        List<String> deletes = points.stream()
                .map(Point::id)
                .filter(id -> id.hashCode() % 7 == 0)
                .toList();
        for (VectorCollection each : List.of(things, oracle)) {
            get(each.upsert(points, Ack.INDEXED));
            get(each.upsert(updates, Ack.INDEXED));
            get(each.delete(deletes, Ack.INDEXED));
        }
    }

    @ParameterizedTest
    @CsvSource({"ID, 1", "ID, 3", "INSERTION, 3"})
    void shouldReadTheStateOfItsBeginningWhileWritesGoOn(Order order, int shards) {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(config(shards));
            List<Point> before = points(300);
            get(things.upsert(before, Ack.INDEXED));
            ScrollPage first = get(things.scroll(new ScrollRequest(order, null, true, true), 50));
            List<StoredPoint> read = new ArrayList<>(first.points());
            String cursor = first.cursor();
            for (int round = 0; cursor != null; round++) {
                // Replaces, deletes and adds: nothing of it may show.
                get(things.upsert(points(300 + 10 * round), Ack.INDEXED));
                get(things.delete(
                        before.stream()
                                .map(Point::id)
                                .skip(40L * round)
                                .limit(30)
                                .toList(),
                        Ack.INDEXED));
                ScrollPage page = get(things.scroll(cursor, 50));
                ScrollPage again = get(things.scroll(cursor, 50));
                assertSame(again.points(), page.points());
                assertThat(again.cursor()).isEqualTo(page.cursor());
                read.addAll(page.points());
                cursor = page.cursor();
            }
            List<StoredPoint> expected = before.stream()
                    .map(p -> new StoredPoint(p.id(), p.vector(), p.metadata()))
                    .toList();
            assertThat(read)
                    .usingRecursiveFieldByFieldElementComparator()
                    .containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    /** Were the shards read in turn, or not by their shares, the first page would lack points of some. */
    @Test
    void shouldSampleTheWholeCollection() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(config(3));
            List<Point> points = random.points("p", 600);
            get(things.upsert(points, Ack.INDEXED));
            ScrollRequest request = new ScrollRequest(Order.RANDOM, null, false, false);
            int[] seen = new int[600];
            for (int sample = 0; sample < 200; sample++) {
                for (StoredPoint point : get(things.scroll(request, 30)).points()) {
                    seen[Integer.parseInt(point.id().substring(1))]++;
                }
            }
            // Each point is in a sample with probability 1/20: 10 of 200 expected, 3.1 standard deviation.
            assertThat(Arrays.stream(seen).max().orElseThrow()).isLessThan(30);
            assertThat(Arrays.stream(seen).filter(n -> n == 0).count()).isLessThan(3);
            double variance = Arrays.stream(seen)
                    .mapToDouble(n -> (n - 10.0) * (n - 10))
                    .average()
                    .orElseThrow();
            assertThat(variance).isBetween(7.0, 12.5);
            assertThat(readAll(things, request, 70).stream().map(StoredPoint::id))
                    .doesNotHaveDuplicates()
                    .hasSize(600)
                    .isNotEqualTo(points.stream().map(Point::id).toList());
        }
    }

    @Test
    void shouldReadOnlyAsFarAsItsSubscriberAsks() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(config(2));
            get(things.upsert(random.points("p", 3_000), Ack.INDEXED));
            AssertSubscriber<StoredPoint> slow =
                    things.scroll(ScrollRequest.everything()).subscribe().withSubscriber(AssertSubscriber.create(0));
            slow.awaitSubscription(Duration.ofSeconds(30));
            slow.assertHasNotReceivedAnyItem();
            slow.awaitNextItems(1_234, Duration.ofSeconds(30));
            assertThat(slow.getItems()).hasSize(1_234);
            get(things.delete(random.points("p", 3_000).stream().map(Point::id).toList(), Ack.INDEXED));
            slow.awaitNextItems(1_766, Duration.ofSeconds(30));
            slow.awaitCompletion(Duration.ofSeconds(30));
            assertThat(slow.getItems().stream().map(StoredPoint::id))
                    .doesNotHaveDuplicates()
                    .hasSize(3_000);
        }
    }

    @Test
    void shouldEndAPageBeforeItIsTooLarge() {
        CollectionConfig wide = new CollectionConfig("wide", 30_000, Metric.DOT, 2, 4, 10, false);
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(wide);
            List<Point> points = IntStream.range(0, 150)
                    .mapToObj(i -> new Point("p" + i, new float[30_000], Metadata.EMPTY))
                    .toList();
            get(things.upsert(points, Ack.INDEXED));
            ScrollPage page = get(things.scroll(new ScrollRequest(Order.ID, null, true, true), 150));
            long bytes =
                    page.points().stream().mapToLong(StoredPoint::heapBytes).sum();
            assertThat(bytes).isBetween(4L << 20, (8L << 20) + 300_000);
            List<StoredPoint> all = readAll(things, new ScrollRequest(Order.ID, null, true, true), 150);
            assertThat(all.stream().map(StoredPoint::id))
                    .isSortedAccordingTo(Comparator.naturalOrder())
                    .hasSize(150);
        }
    }

    @Test
    void shouldRefuseWhatIsNoCursorOfThisCollection() {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = node.create(config(2));
            VectorCollection others = node.create(config(2).withName("others"));
            get(things.upsert(random.points("p", 100), Ack.INDEXED));
            ScrollRequest request = new ScrollRequest(Order.ID, null, false, false);
            String cursor = get(things.scroll(request, 10)).cursor();
            assertThat(cursor).isNotNull();
            String name = Scrolls.nameOf(String.valueOf(cursor));
            assertThatThrownBy(() -> get(others.scroll(String.valueOf(cursor), 10)))
                    .isInstanceOf(VectorDbException.class)
                    .hasMessageContaining("its scroll has ended");
            for (String broken : List.of("", "-", name, name + "-1", name + "-1--2", name + "-1-5000", name + "-1-x")) {
                assertThatThrownBy(() -> get(things.scroll(broken, 10)))
                        .as(broken)
                        .isInstanceOf(VectorDbException.class)
                        .hasMessageStartingWith("cursor: ");
            }
            assertThatThrownBy(() -> get(things.scroll(request, 0))).hasMessageContaining("limit: expected 1 to 10000");
            get(things.closeScroll(String.valueOf(cursor)));
            assertThatThrownBy(() -> get(things.scroll(String.valueOf(cursor), 10)))
                    .hasMessageContaining("its scroll has ended");
        }
    }
}
