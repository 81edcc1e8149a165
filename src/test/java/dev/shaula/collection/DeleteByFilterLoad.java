package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.fixture.RandomVectors;
import dev.shaula.fixture.ThreadTimes;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.WriteResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;

/**
 * Deletes half of many small rows by a filter while searches go on, and says what the searches and the heap felt of it.
 * A program, run by hand:
 *
 * <pre>java -Xmx2g -cp target/classes:target/test-classes:... dev.shaula.collection.DeleteByFilterLoad 1000000 8</pre>
 *
 * with the number of rows and their dimensions, and perhaps a directory: the first run fills it, the next one measures. Searches
 * come 50 a second, so that they wait for each other as those of different callers do, and each is measured from when it was due.
 * Before, some rows are deleted and written again, so that a compiler that meets the code of a delete for the first time takes
 * no core from the searches. On Linux it also says how long the search threads were ready to run and had no core.
 */
@NullMarked
final class DeleteByFilterLoad {
    private static final long EVERY_NS = 20_000_000;
    private static final int IDLE_SEARCHES = 1_000;
    /** More than a walk takes, and fewer than there are rows in a step of linking and a walk. */
    private static final long FEW_DISTANCES = 10_000;
    /** More than the part that must be dead before a graph is mended. */
    private static final int REHEARSED_ONE_IN = 25;

    private static final int SLICE = 1_000;
    /** Of half a second, while nothing is done behind the searches. */
    private static final long HARDLY_NS = 50_000_000;

    private static final double MENTIONED_S = 0.1;

    private final VectorCollection things;
    private final RandomVectors queries;
    private final ThreadTimes searchers = new ThreadTimes("shaula-search-");

    private DeleteByFilterLoad(VectorCollection things, RandomVectors queries) {
        this.things = things;
        this.queries = queries;
    }

    /** Rows, dimensions and, if the data is to stay, a directory: one without data is filled, one with data is measured. */
    public static void main(String[] args) throws IOException {
        int rows = Integer.parseInt(args[0]);
        int dimensions = Integer.parseInt(args[1]);
        if (args.length > 2) {
            Path data = Path.of(args[2]);
            boolean filled = Files.exists(data.resolve("collections"));
            run(data, rows, dimensions, !filled, filled);
        } else {
            Path data = Files.createTempDirectory("delete-by-filter");
            // In the end, also if it is cut off.
            Runtime.getRuntime().addShutdownHook(new Thread(() -> deleteTree(data)));
            run(data, rows, dimensions, true, true);
        }
    }

    private static void deleteTree(Path data) {
        try (Stream<Path> files = Files.walk(data)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException e) {
            System.err.println(data + " could not be deleted: " + e);
        }
    }

    private static void run(Path data, int rows, int dimensions, boolean fill, boolean measure) {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            CollectionConfig config = new CollectionConfig("things", dimensions, Metric.EUCLIDEAN, 1, 8, 40, true);
            VectorCollection things = get(node.collections()
                            .create(config, List.of(new FieldIndex("odd", Kind.BOOLEAN))))
                    .collection();
            if (fill) {
                fill(things, rows, dimensions);
            }
            if (measure) {
                new DeleteByFilterLoad(things, new RandomVectors(dimensions, 11)).measure(rows);
            } else {
                new DeleteByFilterLoad(things, new RandomVectors(dimensions, 11)).awaitLinked();
            }
        }
    }

    @SuppressWarnings("SystemOut")
    private void measure(int rows) {
        awaitLinked();
        rehearse(rows / REHEARSED_ONE_IN);
        searchFor(IDLE_SEARCHES, new CompletableFuture<>()); // compiles
        report("idle", searchFor(IDLE_SEARCHES, new CompletableFuture<>()));
        Filter odd = new Filter.Compare("odd", Filter.Op.EQ, new Filter.Value.Bool(true));
        long startedNs = System.nanoTime();
        CompletableFuture<WriteResult> deleted =
                things.delete(odd, Ack.INDEXED).subscribeAsCompletionStage().toCompletableFuture();
        long[] during = searchFor(Integer.MAX_VALUE, deleted);
        System.out.printf(
                "deleted %,d of %,d in %.1f s; %,d are left%n",
                deleted.join().count(), rows, (System.nanoTime() - startedNs) / 1e9, get(things.count(null)));
        report("while deleting", during);
        report("after", searchFor(IDLE_SEARCHES, new CompletableFuture<>()));
    }

    @SuppressWarnings("SystemOut")
    private static void fill(VectorCollection things, int rows, int dimensions) {
        RandomVectors vectors = new RandomVectors(dimensions, 7);
        long startedNs = System.nanoTime();
        for (int from = 0; from < rows; from += SLICE) {
            get(things.upsert(points(vectors, from, Math.min(rows, from + SLICE)), Ack.INDEXED));
        }
        things.commit().await().atMost(Duration.ofMinutes(10));
        System.out.printf("%,d rows written in %.0f s%n", rows, (System.nanoTime() - startedNs) / 1e9);
    }

    private static List<Point> points(RandomVectors vectors, int from, int to) {
        List<Point> points = new ArrayList<>();
        for (int row = from; row < to; row++) {
            Metadata metadata = Metadata.ofJson("{\"odd\":" + (row % 2 == 1) + ",\"row\":" + row + "}");
            points.add(new Point("p" + row, vectors.next(), metadata));
        }
        return points;
    }

    /** Deletes the first rows, writes them again, and waits until nothing is left to be done in the background. */
    private void rehearse(int rows) {
        for (int from = 0; from < rows; from += SLICE) {
            List<Point> some = points(queries, from, Math.min(rows, from + SLICE));
            get(things.delete(some.stream().map(Point::id).toList(), Ack.INDEXED));
        }
        for (int from = 0; from < rows; from += SLICE) {
            get(things.upsert(points(queries, from, Math.min(rows, from + SLICE)), Ack.INDEXED));
        }
        ThreadTimes engine = new ThreadTimes("shaula-");
        long ranBefore = 0;
        for (long ran = engine.now().ranNs();
                ran - ranBefore > HARDLY_NS;
                ran = engine.now().ranNs()) {
            ranBefore = ran;
            LockSupport.parkNanos(500_000_000);
        }
        awaitLinked();
    }

    /** Rows that are not linked yet are measured one by one, which tells of them; and linking takes a core. */
    @SuppressWarnings("SystemOut")
    private void awaitLinked() {
        long startedNs = System.nanoTime();
        while (get(things.explain(SearchRequest.of(queries.next(), 10)))
                        .shards()
                        .getFirst()
                        .distances()
                > FEW_DISTANCES) {
            LockSupport.parkNanos(EVERY_NS);
        }
        System.out.printf("linked after %.0f s more%n", (System.nanoTime() - startedNs) / 1e9);
    }

    private long usedHeap;
    private long[] waitedNs = {};
    private Map<String, ThreadTimes.Times> before = Map.of();

    /** Latencies of {@code n} searches, or of as many as come before {@code end} completes. */
    private long[] searchFor(int n, CompletableFuture<?> end) {
        long[] ns = new long[1024];
        waitedNs = new long[1024];
        before = ThreadTimes.byName();
        int done = 0;
        usedHeap = 0;
        long dueNs = System.nanoTime();
        while (done < n && !end.isDone()) {
            while (System.nanoTime() < dueNs) {
                LockSupport.parkNanos(dueNs - System.nanoTime());
            }
            ThreadTimes.Times times = searchers.now();
            get(things.search(SearchRequest.of(queries.next(), 10)));
            if (done == ns.length) {
                ns = Arrays.copyOf(ns, 2 * done);
                waitedNs = Arrays.copyOf(waitedNs, 2 * done);
            }
            ns[done] = System.nanoTime() - dueNs;
            waitedNs[done++] = searchers.now().since(times).waitedNs();
            Runtime runtime = Runtime.getRuntime();
            usedHeap = Math.max(usedHeap, runtime.totalMemory() - runtime.freeMemory());
            dueNs += EVERY_NS;
        }
        waitedNs = Arrays.copyOf(waitedNs, done);
        return Arrays.copyOf(ns, done);
    }

    @SuppressWarnings("SystemOut")
    private void report(String what, long[] ns) {
        Arrays.sort(ns);
        Arrays.sort(waitedNs);
        System.out.printf(
                "%s: %,d searches, p50 %.2f ms, p99 %.2f ms, longest %.1f ms, p99 of waiting for a core %.2f ms;"
                        + " heap at most %,d MiB, shard %,d MiB%n",
                what,
                ns.length,
                ns[ns.length / 2] / 1e6,
                ns[ns.length * 99 / 100] / 1e6,
                ns[ns.length - 1] / 1e6,
                waitedNs[waitedNs.length * 99 / 100] / 1e6,
                usedHeap >> 20,
                things.info().memoryBytes() >> 20);
        StringBuilder cores = new StringBuilder("    s on a core:");
        ThreadTimes.byName().forEach((name, now) -> {
            double seconds =
                    now.since(before.getOrDefault(name, ThreadTimes.Times.NONE)).ranNs() / 1e9;
            if (seconds >= MENTIONED_S) {
                cores.append(String.format(" %s %.1f;", name, seconds));
            }
        });
        System.out.println(cores);
    }
}
