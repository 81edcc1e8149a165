package dev.shaula.shard;

import dev.shaula.fixture.SharedData;
import dev.shaula.hnsw.Parallel;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.Filter;
import dev.shaula.model.Filter.Op;
import dev.shaula.model.Filter.Value;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.Quantization;
import dev.shaula.model.SearchRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;

/**
 * Filtered searches over a grid of selectivity, correlation of the filter with the query, and shape of the filter:
 * recall, and latency beside that of the two plans it has to measure up to, an exact scan of the matches and an
 * unfiltered walk of equal recall. A program, run by hand, with a set beside the checkout or one that the side-by-side
 * benchmarks have made ({@code PATH.base}, {@code PATH.queries}, and then its metric):
 *
 * <pre>
 * java -cp target/classes:target/test-classes:... dev.shaula.shard.FilterGrid mnist-784 60000 50 euclidean
 * java -cp target/classes:target/test-classes:... dev.shaula.shard.FilterGrid DIRECTORY/embed-1536 100000 50 cosine
 * </pre>
 *
 * Shapes, correlations and shares may follow, each with commas between them, for a part of the grid.
 *
 * <p>Every row has two random numbers {@code r} and {@code s}, and for each query its rank by distance from it, all from 0 to
 * 1 and indexed; so a filter can ask for rows by chance, near the query, or far from it.
 */
@NullMarked
final class FilterGrid {
    static final double[] SHARES = {1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.001, 0.0001};
    static final List<String> CORRELATIONS = List.of("random", "near", "far");
    static final List<String> SHAPES = List.of("one", "and", "or");
    static final int K = 10;
    private static final int[] EFS = {10, 15, 20, 30, 40, 60, 80, 100, 130, 160, 200, 300, 400};

    private static final int REPEATS = 5;
    /** A scan that takes longer than this is measured once. */
    private static final long SLOW_NS = 3_000_000;

    final float[][] queries;
    private final HeapShard shard;
    final ShardSnapshot snapshot;
    private final SearchScratch scratch = new SearchScratch();
    private final int repeats;
    /** Recall of the unfiltered walk at each of {@link #EFS}. */
    private final double[] walkRecalls;

    /**
     * One cell; times in microseconds, medians over queries of the best of the repeats, which take turns.
     *
     * @param us of a filter that this snapshot has not been asked before, at the default width
     * @param againUs of the same, asked again
     * @param filterUs part of {@code us} for the matches
     * @param narrowUs as {@code us}, as narrow as gives the same recall
     * @param walkUs of an unfiltered walk as narrow as gives the same recall
     * @param plainUs of an unfiltered walk at the default width
     */
    record Cell(
            String correlation,
            String shape,
            double share,
            long matches,
            double recall,
            boolean full,
            String plan,
            double us,
            double againUs,
            double filterUs,
            double narrowUs,
            double scanUs,
            double walkUs,
            double plainUs) {
        /** Both at the default width. */
        double ratio() {
            return us / Math.min(scanUs, plainUs);
        }

        /** Both as narrow as gives the recall of the filtered search at the default width. */
        double narrowRatio() {
            return narrowUs / Math.min(scanUs, walkUs);
        }
    }

    FilterGrid(float[][] base, float[][] queries, Metric metric, Quantization quantization, int repeats) {
        this.queries = queries;
        this.repeats = repeats;
        shard = new HeapShard(new CollectionConfig("grid", base[0].length, metric, 1, 16, 200, true, quantization));
        shard.index(indexes(queries.length));
        double[][] ranks = ranks(base, queries, metric);
        Random random = new Random(7);
        for (int from = 0; from < base.length; from += 1_000) {
            List<Point> batch = new ArrayList<>();
            for (int row = from; row < Math.min(base.length, from + 1_000); row++) {
                batch.add(new Point("p" + row, base[row], metadata(row, ranks, random)));
            }
            shard.upsert(batch);
        }
        shard.link(ALL_CORES);
        snapshot = shard.snapshot();
        List<SearchRequest> unfiltered =
                Arrays.stream(queries).map(q -> SearchRequest.of(q, K)).toList();
        Hits[] truth = find(unfiltered.stream().map(r -> r.withExact(true)).toList());
        walkRecalls = Arrays.stream(EFS)
                .mapToDouble(ef ->
                        recall(find(unfiltered.stream().map(r -> r.withEf(ef)).toList()), truth))
                .toArray();
    }

    static final Parallel ALL_CORES = new Parallel() {
        @Override
        public <W> void run(int n, Supplier<W> workers, Piece<W> piece) {
            ThreadLocal<W> worker = ThreadLocal.withInitial(workers);
            IntStream.range(0, n).parallel().forEach(i -> piece.run(worker.get(), i));
        }
    };

    private static List<FieldIndex> indexes(int queries) {
        List<FieldIndex> indexes =
                new ArrayList<>(List.of(new FieldIndex("r", Kind.FLOAT), new FieldIndex("s", Kind.FLOAT)));
        IntStream.range(0, queries).forEach(q -> indexes.add(new FieldIndex("d" + q, Kind.FLOAT)));
        return indexes;
    }

    private static Metadata metadata(int row, double[][] ranks, Random random) {
        StringBuilder json = new StringBuilder("{\"r\":" + random.nextDouble() + ",\"s\":" + random.nextDouble());
        for (int q = 0; q < ranks.length; q++) {
            json.append(",\"d").append(q).append("\":").append(ranks[q][row]);
        }
        return Metadata.ofJson(json.append('}').toString());
    }

    private static double[][] ranks(float[][] base, float[][] queries, Metric metric) {
        return Arrays.stream(queries)
                .parallel()
                .map(query -> {
                    double[] distances = Arrays.stream(base)
                            .mapToDouble(row -> metric == Metric.COSINE ? -cosine(query, row) : squared(query, row))
                            .toArray();
                    Integer[] order = IntStream.range(0, base.length).boxed().toArray(Integer[]::new);
                    Arrays.sort(order, Comparator.comparingDouble(i -> distances[i]));
                    double[] ranks = new double[base.length];
                    for (int i = 0; i < order.length; i++) {
                        ranks[order[i]] = (double) i / base.length;
                    }
                    return ranks;
                })
                .toArray(double[][]::new);
    }

    private static double squared(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (double) (a[i] - b[i]);
        }
        return sum;
    }

    /** Up to the length of the query, which does not change the order. */
    private static double cosine(float[] query, float[] row) {
        double product = 0;
        double squares = 0;
        for (int i = 0; i < row.length; i++) {
            product += query[i] * (double) row[i];
            squares += row[i] * (double) row[i];
        }
        return product / Math.sqrt(squares);
    }

    private static Filter below(String field, double bound) {
        return new Filter.Compare(field, Op.LT, new Value.Num(bound));
    }

    private static Filter from(String field, double bound) {
        return new Filter.Compare(field, Op.GTE, new Value.Num(bound));
    }

    /** Accepts about {@code share} of the rows. */
    static Filter filter(String correlation, String shape, double share, int query) {
        double half = share / 2;
        return switch (correlation + " " + shape) {
            case "random one" -> below("r", share);
            case "random and" -> new Filter.And(List.of(below("r", Math.sqrt(share)), below("s", Math.sqrt(share))));
            case "random or" -> new Filter.Or(List.of(below("r", half), below("s", half / (1 - half))));
            case "near one" -> below("d" + query, share);
            case "near and" ->
                new Filter.And(List.of(below("d" + query, Math.min(1, 2 * share)), below("r", Math.max(0.5, share))));
            case "near or" ->
                new Filter.Or(List.of(
                        below("d" + query, half),
                        new Filter.And(List.of(from("d" + query, half), below("d" + query, share)))));
            case "far one" -> from("d" + query, 1 - share);
            case "far and" ->
                new Filter.And(List.of(
                        from("d" + query, Math.max(0, 1 - 2 * share)), below("r", Math.max(0.5, share))));
            default ->
                new Filter.Or(List.of(
                        from("d" + query, 1 - half),
                        new Filter.And(List.of(from("d" + query, 1 - share), below("d" + query, 1 - half)))));
        };
    }

    Cell measure(String correlation, String shape, double share) {
        List<SearchRequest> requests = IntStream.range(0, queries.length)
                .mapToObj(q -> SearchRequest.of(queries[q], K).withFilter(filter(correlation, shape, share, q)))
                .toList();
        List<SearchRequest> exact =
                requests.stream().map(r -> r.withExact(true)).toList();
        Hits[] truth = find(exact);
        Hits[] found = find(requests);
        boolean full = IntStream.range(0, found.length).allMatch(q -> found[q].count() == truth[q].count());
        var plans = new TreeMap<String, Integer>();
        long matches = 0;
        for (SearchRequest request : requests) {
            var explained = snapshot.explain(request, scratch).shards().getFirst();
            plans.merge(explained.plan().toString().toLowerCase(Locale.ROOT), 1, Integer::sum);
            matches += explained.matches();
        }
        double recall = recall(found, truth);
        Times times = times(requests, narrowed(requests, truth, recall), exact, walkEf(recall));
        return new Cell(
                correlation,
                shape,
                share,
                matches / requests.size(),
                recall,
                full,
                plans.toString(),
                median(times.fresh),
                median(times.again),
                median(times.filter),
                median(times.narrow),
                median(times.scan),
                median(times.walk),
                median(times.plain));
    }

    /** The requests at the least width that has this recall, as they are if none has. */
    private List<SearchRequest> narrowed(List<SearchRequest> requests, Hits[] truth, double recall) {
        for (int ef : EFS) {
            List<SearchRequest> narrow =
                    requests.stream().map(r -> r.withEf(ef)).toList();
            if (recall(find(narrow), truth) >= recall) {
                return narrow;
            }
        }
        return requests;
    }

    /** The least width at which an unfiltered walk has this recall, or the last tried. */
    private int walkEf(double recall) {
        for (int i = 0; i < EFS.length; i++) {
            if (walkRecalls[i] >= recall) {
                return EFS[i];
            }
        }
        return EFS[EFS.length - 1];
    }

    /** Nanoseconds, for each query the best. */
    private static final class Times {
        private final long[] fresh;
        private final long[] again;
        private final long[] filter;
        private final long[] narrow;
        private final long[] scan;
        private final long[] walk;
        private final long[] plain;

        Times(int queries) {
            fresh = new long[queries];
            again = new long[queries];
            filter = new long[queries];
            narrow = new long[queries];
            scan = new long[queries];
            walk = new long[queries];
            plain = new long[queries];
            for (long[] each : List.of(fresh, again, filter, narrow, scan, walk, plain)) {
                Arrays.fill(each, Long.MAX_VALUE);
            }
        }
    }

    /**
     * Each plan goes through all queries before the next one does, so that each finds the caches as its own last search has
     * left them. (When the plans took turns within a query, a walk came upon the rows that the filtered search of
     * the same query had just read, and took half of its time.)
     */
    private Times times(
            List<SearchRequest> requests, List<SearchRequest> narrow, List<SearchRequest> exact, int walkEf) {
        Times times = new Times(requests.size());
        ShardSnapshot[] asked = new ShardSnapshot[requests.size()];
        for (int repeat = 0; repeat < repeats; repeat++) {
            for (int q = 0; q < requests.size(); q++) {
                SearchRequest request = requests.get(q);
                ShardSnapshot fresh = shard.snapshot();
                best(times.fresh, q, () -> fresh.find(request, scratch));
                asked[q] = fresh;
            }
            for (int q = 0; q < requests.size(); q++) {
                SearchRequest request = requests.get(q);
                ShardSnapshot same = asked[q];
                best(times.again, q, () -> same.find(request, scratch));
            }
            for (int q = 0; q < requests.size(); q++) {
                SearchRequest request = narrow.get(q);
                ShardSnapshot fresh = shard.snapshot();
                best(times.narrow, q, () -> fresh.find(request, scratch));
            }
            for (int q = 0; q < requests.size(); q++) {
                Filter filter = Objects.requireNonNull(requests.get(q).filter());
                ShardSnapshot fresh = shard.snapshot();
                best(times.filter, q, () -> fresh.count(filter));
            }
            for (int q = 0; q < requests.size(); q++) {
                if (repeat == 0 || times.scan[q] <= SLOW_NS) {
                    SearchRequest scan = exact.get(q);
                    ShardSnapshot fresh = shard.snapshot();
                    best(times.scan, q, () -> fresh.find(scan, scratch));
                }
            }
            for (int q = 0; q < requests.size(); q++) {
                SearchRequest walk = SearchRequest.of(queries[q], K).withEf(walkEf);
                best(times.walk, q, () -> snapshot.find(walk, scratch));
            }
            for (int q = 0; q < requests.size(); q++) {
                SearchRequest plain = SearchRequest.of(queries[q], K);
                best(times.plain, q, () -> snapshot.find(plain, scratch));
            }
        }
        return times;
    }

    private static void best(long[] ns, int q, Runnable measured) {
        long startedNs = System.nanoTime();
        measured.run();
        ns[q] = Math.min(ns[q], System.nanoTime() - startedNs);
    }

    private static double median(long[] ns) {
        long[] sorted = ns.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2] / 1e3;
    }

    private Hits[] find(List<SearchRequest> requests) {
        return requests.stream().map(r -> snapshot.find(r, scratch)).toArray(Hits[]::new);
    }

    /** A result counts if its score is no less than that of the k-th true one. */
    static double recall(Hits[] found, Hits[] truth) {
        double hits = 0;
        double wanted = 0;
        for (int q = 0; q < found.length; q++) {
            int k = truth[q].count();
            wanted += k;
            for (int i = 0; i < found[q].count(); i++) {
                hits += found[q].scores()[i] >= truth[q].scores()[k - 1] ? 1 : 0;
            }
        }
        return wanted == 0 ? 1 : hits / wanted;
    }

    /** Rows of a file: their number, their dimensions, then little-endian float32. */
    static float[][] rows(Path file, int most) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer head = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            channel.read(head);
            float[][] rows = new float[Math.min(most, head.getInt(0))][head.getInt(4)];
            ByteBuffer row = ByteBuffer.allocate(4 * head.getInt(4)).order(ByteOrder.LITTLE_ENDIAN);
            for (float[] each : rows) {
                for (row.clear(); row.hasRemaining(); ) {
                    if (channel.read(row) < 0) {
                        throw new IOException(file + ": ends too early");
                    }
                }
                row.flip().asFloatBuffer().get(each);
            }
            return rows;
        }
    }

    static FilterGrid of(String name, int most, int queries, Metric metric) throws IOException {
        if (name.contains("/")) {
            return new FilterGrid(
                    rows(Path.of(name + ".base"), most),
                    rows(Path.of(name + ".queries"), queries),
                    metric,
                    Quantization.AUTO,
                    REPEATS);
        }
        SharedData.Set set = SharedData.orSkip(name);
        return new FilterGrid(
                Arrays.copyOf(set.base(), Math.min(most, set.base().length)),
                Arrays.copyOf(set.queries(), queries),
                metric,
                Quantization.AUTO,
                REPEATS);
    }

    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws IOException {
        int rows = Integer.parseInt(args[1]);
        long startedNs = System.nanoTime();
        FilterGrid grid =
                of(args[0], rows, Integer.parseInt(args[2]), Metric.valueOf(args[3].toUpperCase(Locale.ROOT)));
        System.out.printf(
                "%s, %d rows, built in %d s; recall of unfiltered walks at ef %s: %s%n",
                args[0],
                grid.snapshot.count(),
                (System.nanoTime() - startedNs) / 1_000_000_000,
                Arrays.toString(EFS),
                Arrays.toString(grid.walkRecalls));
        List<String> shapes = args.length > 4 ? List.of(args[4].split(",")) : SHAPES;
        List<String> correlations = args.length > 5 ? List.of(args[5].split(",")) : CORRELATIONS;
        double[] shares = args.length > 6
                ? Arrays.stream(args[6].split(","))
                        .mapToDouble(Double::parseDouble)
                        .toArray()
                : SHARES;
        for (int i = 0; i < 2; i++) {
            CORRELATIONS.forEach(correlation -> grid.measure(correlation, "one", 0.2)); // compiles everything
        }
        System.out.println("| correlation | shape | share | matches | recall@10 | plan | us | again us | filter us |"
                + " plain us | ratio | narrow us | walk us | ratio | scan us |");
        System.out.println(
                "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        for (String correlation : correlations) {
            for (String shape : shapes) {
                for (double share : shares) {
                    Cell c = grid.measure(correlation, shape, share);
                    System.out.printf(
                            "| %s | %s | %s | %d | %.3f%s | %s | %.0f | %.0f | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f | %.0f |%n",
                            c.correlation,
                            c.shape,
                            c.share,
                            c.matches,
                            c.recall,
                            c.full ? "" : " SHORT",
                            c.plan,
                            c.us,
                            c.againUs,
                            c.filterUs,
                            c.plainUs,
                            c.ratio(),
                            c.narrowUs,
                            c.walkUs,
                            c.narrowRatio(),
                            c.scanUs);
                }
            }
        }
    }
}
