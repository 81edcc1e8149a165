package dev.shaula.shard;

import static dev.shaula.fixture.EmbeddedNode.get;

import dev.shaula.fixture.SharedData;
import dev.shaula.hnsw.HnswBuilder;
import dev.shaula.memory.NativeMemory;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A shard whose points change for a long time, against one that is filled with the same points at once; a program,
 * run by hand:
 *
 * <pre>
 * ./mvnw test -Dtest=ChurnBenchmark -Dchurn.set=sift-128 -Dchurn.rows=20000 -Dchurn.generations=100
 * </pre>
 *
 * <p>A generation deletes {@code churn.share} (0.02) of the points and inserts as many others, a hundred at a time;
 * with {@code -Dchurn.upserts=true} it replaces them instead, with a share of 1 all of them. One thread searches all
 * the while. Printed: recall@10 of both shards at several ef; points not found by their own vector; latencies of both,
 * measured in turns; the longest search and the longest wait for an acknowledgement while points changed; memory and
 * disk.
 */
@NullMarked
class ChurnBenchmark {
    private static final String SET = System.getProperty("churn.set", "sift-128");
    private static final int ROWS = Integer.getInteger("churn.rows", 20_000);
    private static final int GENERATIONS = Integer.getInteger("churn.generations", 100);
    private static final double SHARE = Double.parseDouble(System.getProperty("churn.share", "0.02"));
    private static final boolean UPSERTS = Boolean.getBoolean("churn.upserts");
    private static final int BATCH = Integer.getInteger("churn.batch", 100);
    private static final int ROUNDS = 5;

    private final SharedData.Set data = SharedData.orSkip(SET);
    private final CollectionConfig config =
            new CollectionConfig("churn", data.base()[0].length, Metric.EUCLIDEAN, 1, 16, 200, true);
    private final Random random = new Random(71);
    /** Id to vector. */
    private final Map<String, float[]> live = new HashMap<>();

    private final List<String> ids = new ArrayList<>();
    private final ArrayDeque<float[]> spare = new ArrayDeque<>();
    private int written;

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path directory;

    @Test
    void measure() throws Exception {
        List<float[]> pool = new ArrayList<>(List.of(data.base()));
        Collections.shuffle(pool, random);
        spare.addAll(pool);
        Vertx vertx = Vertx.vertx();
        try (ShardRuntime runtime = ShardRuntime.open(vertx, ShardRuntime.Settings.of(directory))) {
            LocalShard churned = open("churned", runtime);
            Watch filling = new Watch(churned);
            insert(churned, ROWS, filling);
            settle(churned);
            print("filled", filling.end());
            space("filled", churned);
            change(churned);
            settle(churned);
            space("churned", churned);
            LocalShard fresh = open("fresh", runtime);
            refill(fresh);
            settle(fresh);
            compare(churned, fresh);
            get(fresh.close());
            space("churned", churned);
            massDelete(churned);
            get(churned.close());
        } finally {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    private LocalShard open(String name, ShardRuntime runtime) {
        return (LocalShard) get(LocalShard.open(name, config, directory.resolve(name), runtime));
    }

    private void change(LocalShard shard) throws InterruptedException {
        Watch watch = new Watch(shard);
        int n = (int) (SHARE * ROWS);
        long started = System.nanoTime();
        for (int generation = 0; generation < GENERATIONS; generation++) {
            Collections.shuffle(ids, random);
            if (UPSERTS) {
                for (int from = 0; from < n; from += BATCH) {
                    write(shard, List.copyOf(ids.subList(from, Math.min(n, from + BATCH))), watch);
                }
            } else {
                delete(shard, n, watch);
                insert(shard, n, watch);
            }
        }
        print("changing took %.1f s".formatted((System.nanoTime() - started) / 1e9));
        print("changing", watch.end());
    }

    private void insert(LocalShard shard, int n, Watch watch) {
        for (int from = 0; from < n; from += BATCH) {
            List<String> added = new ArrayList<>();
            for (int i = from; i < Math.min(n, from + BATCH); i++) {
                added.add("p" + written++);
            }
            ids.addAll(added);
            write(shard, added, watch);
        }
    }

    private void write(LocalShard shard, List<String> changed, Watch watch) {
        List<Point> points = new ArrayList<>();
        for (String id : changed) {
            float[] vector = spare.remove();
            float[] before = live.put(id, vector);
            if (before != null) {
                spare.add(before);
            }
            points.add(new Point(id, vector, Metadata.EMPTY));
        }
        watch.write(() -> get(shard.upsert(points, Ack.INDEXED)));
    }

    private void delete(LocalShard shard, int n, Watch watch) {
        for (int from = 0; from < n; from += BATCH) {
            List<String> gone = new ArrayList<>();
            for (int i = from; i < Math.min(n, from + BATCH); i++) {
                String id = ids.removeLast();
                gone.add(id);
                spare.add(Objects.requireNonNull(live.remove(id)));
            }
            watch.write(() -> get(shard.delete(gone, Ack.INDEXED)));
        }
    }

    private void refill(LocalShard fresh) {
        List<Point> points = new ArrayList<>();
        live.forEach((id, vector) -> points.add(new Point(id, vector, Metadata.EMPTY)));
        Collections.shuffle(points, random);
        for (int from = 0; from < points.size(); from += 1_000) {
            get(fresh.upsert(points.subList(from, Math.min(points.size(), from + 1_000)), Ack.INDEXED));
        }
    }

    private void compare(LocalShard churned, LocalShard fresh) {
        List<List<String>> exact = new ArrayList<>();
        for (float[] query : data.queries()) {
            exact.add(ids(churned, SearchRequest.of(query, 10).withExact(true)));
        }
        for (int ef : new int[] {20, 40, 100}) {
            double[] ratios = new double[ROUNDS];
            double[] tails = new double[ROUNDS];
            for (int round = 0; round < ROUNDS; round++) {
                long[] a = latencies(round % 2 == 0 ? churned : fresh, ef);
                long[] b = latencies(round % 2 == 0 ? fresh : churned, ef);
                long[] ofChurned = round % 2 == 0 ? a : b;
                long[] ofFresh = round % 2 == 0 ? b : a;
                ratios[round] = (double) quantile(ofChurned, 0.5) / quantile(ofFresh, 0.5);
                tails[round] = (double) quantile(ofChurned, 0.99) / quantile(ofFresh, 0.99);
            }
            Arrays.sort(ratios);
            Arrays.sort(tails);
            print(
                    "ef %d: recall@10 churned %.4f, fresh %.4f; latency churned / fresh p50 %.2f, p99 %.2f (medians of %d)"
                            .formatted(
                                    ef,
                                    recall(churned, exact, ef),
                                    recall(fresh, exact, ef),
                                    ratios[ROUNDS / 2],
                                    tails[ROUNDS / 2],
                                    ROUNDS));
        }
        print("not found by their own vector, of %d: churned %d, fresh %d"
                .formatted(live.size(), missed(churned), missed(fresh)));
    }

    private static List<String> ids(LocalShard shard, SearchRequest request) {
        return get(shard.search(request)).stream().map(ScoredPoint::id).toList();
    }

    private double recall(LocalShard shard, List<List<String>> exact, int ef) {
        long hits = 0;
        for (int q = 0; q < exact.size(); q++) {
            List<String> found =
                    ids(shard, SearchRequest.of(data.queries()[q], 10).withEf(ef));
            hits += found.stream().filter(exact.get(q)::contains).count();
        }
        return hits / (10.0 * exact.size());
    }

    /** Straight on the snapshot: the hand-over to the search pool would be half of what is measured. */
    private long[] latencies(LocalShard shard, int ef) {
        SearchScratch scratch = new SearchScratch();
        long[] ns = new long[data.queries().length];
        try (LocalShard.Held held = shard.hold()) {
            for (int pass = 0; pass < 2; pass++) {
                for (int q = 0; q < ns.length; q++) {
                    long started = System.nanoTime();
                    held.snapshot().find(SearchRequest.of(data.queries()[q], 10).withEf(ef), scratch);
                    ns[q] = System.nanoTime() - started;
                }
            }
        }
        return ns;
    }

    private long missed(LocalShard shard) {
        return live.entrySet().stream()
                .filter(e -> {
                    String found = ids(shard, SearchRequest.of(e.getValue(), 1)).getFirst();
                    return !found.equals(e.getKey()) && !Arrays.equals(live.get(found), e.getValue());
                })
                .count();
    }

    private void massDelete(LocalShard shard) throws Exception {
        List<String> gone = ids.subList(ROWS / 10, ids.size());
        get(shard.delete(gone, Ack.INDEXED));
        settle(shard);
        get(shard.commit());
        space("nine tenths deleted", shard);
    }

    /** Waits until everything is linked, mended and compact, which shows in nothing being published any more. */
    private static void settle(LocalShard shard) throws InterruptedException {
        int quiet = 0;
        for (ShardSnapshot last = shard.current(); quiet < 10; last = shard.current()) {
            Thread.sleep(100); // between two samples
            boolean linked = shard.current().graph().size()
                    >= HnswBuilder.fullSteps(shard.current().rows().count());
            quiet = linked && last == shard.current() ? quiet + 1 : 0;
        }
    }

    private void space(String when, LocalShard shard) throws IOException {
        print("%s: %d points in %d rows, generation %d; rows %.1f MB, resident %s, disk %.1f MB"
                .formatted(
                        when,
                        shard.current().count(),
                        shard.current().rows().count(),
                        shard.current().generation().number(),
                        NativeMemory.allocatedBytes() / 1e6,
                        resident(),
                        bytes(directory) / 1e6));
    }

    private static String resident() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return "unknown";
        }
        try (Stream<String> lines = Files.lines(status)) {
            return lines.filter(l -> l.startsWith("Rss"))
                    .map(l -> l.replaceAll("\\s+", " "))
                    .toList()
                    .toString();
        }
    }

    private static long bytes(Path directory) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                bytes += Files.isRegularFile(file) && !file.endsWith("reserve") ? Files.size(file) : 0;
            }
        }
        return bytes;
    }

    private static long quantile(long[] ns, double q) {
        long[] sorted = ns.clone();
        Arrays.sort(sorted);
        return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, q * sorted.length)];
    }

    private static void print(String when, String figures) {
        print(when + ": " + figures);
    }

    @SuppressWarnings("SystemOut")
    private static void print(String line) {
        System.out.printf(Locale.ROOT, "churn %s %s%n", SET, line);
    }

    /** One thread that searches, and the times of writes. */
    private final class Watch {
        private final AtomicBoolean ended = new AtomicBoolean();
        private final List<Long> searches = new ArrayList<>();
        private final List<Long> writes = new ArrayList<>();
        private final Thread searcher;

        Watch(LocalShard shard) {
            searcher = Thread.ofPlatform().start(() -> {
                for (int q = 0; !ended.get(); q = (q + 1) % data.queries().length) {
                    long started = System.nanoTime();
                    get(shard.search(SearchRequest.of(data.queries()[q], 10)));
                    searches.add(System.nanoTime() - started);
                    pause();
                }
            });
        }

        /** Two hundred searches a second, so that the shard's threads have a core. */
        private static void pause() {
            try {
                Thread.sleep(5);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        void write(Runnable write) {
            long started = System.nanoTime();
            write.run();
            writes.add(System.nanoTime() - started);
        }

        String end() throws InterruptedException {
            ended.set(true);
            searcher.join();
            return "searches " + figures(searches) + "; acknowledgements of " + BATCH + " writes " + figures(writes);
        }

        private static String figures(List<Long> times) {
            long[] ns = times.stream().mapToLong(Long::longValue).toArray();
            return "%d, ms: p50 %.2f, p99 %.2f, p99.9 %.2f, longest %.2f"
                    .formatted(
                            ns.length,
                            quantile(ns, 0.5) / 1e6,
                            quantile(ns, 0.99) / 1e6,
                            quantile(ns, 0.999) / 1e6,
                            quantile(ns, 1) / 1e6);
        }
    }
}
