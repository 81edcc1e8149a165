package dev.shaula.shard;

import dev.shaula.fixture.SharedData;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.Filter;
import dev.shaula.model.Filter.Op;
import dev.shaula.model.Filter.Value;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.SearchRequest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;

/**
 * Filtered searches over a grid of selectivity, correlation of the filter with the query, and shape of the filter:
 * recall, and latency beside that of the two plans it has to measure up to, a scan of the matches and an unfiltered walk of
 * equal recall. A program, run by hand:
 *
 * <pre>java -cp target/classes:target/test-classes:... dev.shaula.shard.FilterGrid mnist-784 60000 20</pre>
 *
 * Every row has two random numbers {@code r} and {@code s}, and for each query its rank by distance from it, all from 0 to
 * 1 and indexed; so a filter can ask for rows by chance, near the query, or far from it.
 */
@NullMarked
final class FilterGrid {
    static final double[] SHARES = {1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.001, 0.0001};
    static final List<String> CORRELATIONS = List.of("random", "near", "far");
    static final List<String> SHAPES = List.of("one", "and", "or");
    private static final int K = 10;
    private static final int[] EFS = {10, 15, 20, 30, 40, 60, 80, 100, 130, 160, 200, 300, 400};

    private final float[][] queries;
    private final ShardSnapshot snapshot;
    private final SearchScratch scratch = new SearchScratch();
    private final int repeats;

    /** One cell; times in microseconds, medians over queries of the best of the repeats. */
    record Cell(
            String correlation,
            String shape,
            double share,
            long matches,
            double recall,
            boolean full,
            String plan,
            double us,
            double scanUs,
            double walkUs) {
        double ratio() {
            return us / Math.min(scanUs, walkUs);
        }
    }

    FilterGrid(float[][] base, float[][] queries, Metric metric, int repeats) {
        this.queries = queries;
        this.repeats = repeats;
        HeapShard shard = new HeapShard(new CollectionConfig("grid", base[0].length, metric, 1, 16, 200, true));
        shard.index(indexes(queries.length));
        double[][] ranks = ranks(base, queries);
        Random random = new Random(7);
        for (int from = 0; from < base.length; from += 1_000) {
            List<Point> batch = new ArrayList<>();
            for (int row = from; row < Math.min(base.length, from + 1_000); row++) {
                batch.add(new Point("p" + row, base[row], metadata(row, ranks, random)));
            }
            shard.upsert(batch);
        }
        shard.link();
        snapshot = shard.snapshot();
    }

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

    private static double[][] ranks(float[][] base, float[][] queries) {
        return Arrays.stream(queries)
                .parallel()
                .map(query -> {
                    double[] distances = Arrays.stream(base)
                            .mapToDouble(row -> squared(query, row))
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

    private static Filter below(String field, double bound) {
        return new Filter.Compare(field, Op.LT, new Value.Num(bound));
    }

    private static Filter from(String field, double bound) {
        return new Filter.Compare(field, Op.GTE, new Value.Num(bound));
    }

    /** Accepts about {@code share} of the rows. */
    private static Filter filter(String correlation, String shape, double share, int query) {
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
        return new Cell(
                correlation,
                shape,
                share,
                matches / requests.size(),
                recall,
                full,
                plans.toString(),
                medianUs(requests),
                medianUs(exact),
                walkUs(recall));
    }

    private Hits[] find(List<SearchRequest> requests) {
        return requests.stream().map(r -> snapshot.find(r, scratch)).toArray(Hits[]::new);
    }

    /** A result counts if its score is no less than that of the k-th true one. */
    private static double recall(Hits[] found, Hits[] truth) {
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

    /** The unfiltered walk with the least width that reaches this recall, or the last tried. */
    private double walkUs(double recall) {
        List<SearchRequest> unfiltered =
                Arrays.stream(queries).map(q -> SearchRequest.of(q, K)).toList();
        Hits[] truth = find(unfiltered.stream().map(r -> r.withExact(true)).toList());
        for (int ef : EFS) {
            List<SearchRequest> requests =
                    unfiltered.stream().map(r -> r.withEf(ef)).toList();
            if (recall(find(requests), truth) >= recall || ef == EFS[EFS.length - 1]) {
                return medianUs(requests);
            }
        }
        throw new AssertionError("the last is taken");
    }

    private double medianUs(List<SearchRequest> requests) {
        double[] best = new double[requests.size()];
        Arrays.fill(best, Double.MAX_VALUE);
        for (int repeat = 0; repeat < repeats; repeat++) {
            for (int q = 0; q < best.length; q++) {
                long startedNs = System.nanoTime();
                snapshot.find(requests.get(q), scratch);
                best[q] = Math.min(best[q], (System.nanoTime() - startedNs) / 1e3);
            }
        }
        Arrays.sort(best);
        return best[best.length / 2];
    }

    @SuppressWarnings("SystemOut")
    public static void main(String[] args) {
        SharedData.Set set = SharedData.orSkip(args[0]);
        int rows = Math.min(Integer.parseInt(args[1]), set.base().length);
        long startedNs = System.nanoTime();
        FilterGrid grid = new FilterGrid(
                Arrays.copyOf(set.base(), rows),
                Arrays.copyOf(set.queries(), Integer.parseInt(args[2])),
                Metric.EUCLIDEAN,
                3);
        System.out.printf(
                "%s, %d rows, built in %d s%n", args[0], rows, (System.nanoTime() - startedNs) / 1_000_000_000);
        System.out.println(
                "| correlation | shape | share | matches | recall@10 | plan | us | scan us | walk us | ratio |");
        System.out.println("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        for (String correlation : CORRELATIONS) {
            for (String shape : SHAPES) {
                for (double share : SHARES) {
                    Cell c = grid.measure(correlation, shape, share);
                    System.out.printf(
                            "| %s | %s | %s | %d | %.3f%s | %s | %.0f | %.0f | %.0f | %.2f |%n",
                            c.correlation,
                            c.shape,
                            c.share,
                            c.matches,
                            c.recall,
                            c.full ? "" : " SHORT",
                            c.plan,
                            c.us,
                            c.scanUs,
                            c.walkUs,
                            c.ratio());
                }
            }
        }
    }
}
