package dev.shaula.shard;

import dev.shaula.hnsw.GraphSearcher;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.SearchRequest;
import dev.shaula.vectors.Scorer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;

/**
 * What matches far from the query cost at least: for the farthest shares of the rows of {@link FilterGrid}, a search as it
 * is, beside walks of an index that has been built over these matches alone, with nothing left to filter. A program, run
 * by hand, with the set, its rows, the number of queries and the metric:
 *
 * <pre>
 * java -cp target/classes:target/test-classes:... dev.shaula.shard.FarMatches mnist-784 60000 3 euclidean
 * </pre>
 */
@NullMarked
final class FarMatches {
    private static final double[] SHARES = {0.5, 0.2, 0.1, 0.05, 0.02};
    private static final int[] EFS = {20, 100, 400, 1_600};
    private static final int REPEATS = 5;

    private final FilterGrid grid;
    private final SearchScratch scratch = new SearchScratch();

    /** Recall, and the median over the queries of the best of the repeats. */
    private record Result(double recall, double us) {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%.2f, %.0f", recall, us);
        }
    }

    private FarMatches(FilterGrid grid) {
        this.grid = grid;
    }

    @SuppressWarnings("SystemOut")
    public static void main(String[] args) throws IOException {
        FarMatches far = new FarMatches(FilterGrid.of(
                args[0],
                Integer.parseInt(args[1]),
                Integer.parseInt(args[2]),
                Metric.valueOf(args[3].toUpperCase(Locale.ROOT))));
        System.out.println("recall, us | " + Arrays.toString(EFS));
        for (double share : SHARES) {
            far.report(share);
        }
    }

    @SuppressWarnings("SystemOut")
    private void report(double share) {
        ShardSnapshot[] alone = IntStream.range(0, grid.queries.length)
                .mapToObj(q -> indexOf(grid.snapshot.select(filter(share, q))))
                .toArray(ShardSnapshot[]::new);
        Hits[] truth = hits(q -> grid.snapshot.find(asked(q, share).withExact(true), scratch));
        StringBuilder line = new StringBuilder("| far | " + share);
        line.append(" | ").append(result(truth, q -> grid.snapshot.find(asked(q, share), scratch)));
        for (int ef : EFS) {
            line.append(" | ").append(result(truth, q -> walk(alone[q], grid.queries[q], ef)));
        }
        System.out.println(line.append(" |"));
    }

    private static Filter filter(double share, int query) {
        return FilterGrid.filter("far", "one", share, query);
    }

    private SearchRequest asked(int query, double share) {
        return SearchRequest.of(grid.queries[query], FilterGrid.K).withFilter(filter(share, query));
    }

    private ShardSnapshot indexOf(int[] rows) {
        CollectionConfig all = grid.snapshot.config();
        HeapShard shard =
                new HeapShard(new CollectionConfig("alone", all.dimensions(), all.metric(), 1, 16, 200, true));
        for (int from = 0; from < rows.length; from += 1_000) {
            List<Point> batch = new ArrayList<>();
            for (int i = from; i < Math.min(rows.length, from + 1_000); i++) {
                batch.add(new Point("p" + rows[i], grid.snapshot.vector(rows[i]), Metadata.EMPTY));
            }
            shard.upsert(batch);
        }
        shard.link(FilterGrid.ALL_CORES);
        return shard.snapshot();
    }

    /** A walk, also where the planner would rather scan. */
    private Hits walk(ShardSnapshot alone, float[] query, int ef) {
        Scorer approximate = alone.rows().approximate(scratch.codes(query.length));
        Scorer exact = alone.rows().exact(scratch.codes(query.length));
        approximate.query(query);
        exact.query(query);
        GraphSearcher searcher = scratch.searcher;
        searcher.search(alone.graph(), alone.count(), approximate, FilterGrid.K, ef, null);
        searcher.rescore(exact, FilterGrid.K);
        int n = FilterGrid.K;
        int[] ordinals = IntStream.range(0, n).map(searcher::ordinal).toArray();
        float[] scores = new float[n];
        for (int i = 0; i < n; i++) {
            scores[i] = alone.score(searcher.distance(i));
        }
        return new Hits(ordinals, scores);
    }

    /** Searches for query number {@code q}. */
    private interface Search {
        Hits find(int q);
    }

    private Hits[] hits(Search search) {
        return IntStream.range(0, grid.queries.length).mapToObj(search::find).toArray(Hits[]::new);
    }

    private Result result(Hits[] truth, Search search) {
        Hits[] found = hits(search);
        long[] best = new long[found.length];
        Arrays.fill(best, Long.MAX_VALUE);
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            for (int q = 0; q < best.length; q++) {
                long startedNs = System.nanoTime();
                found[q] = search.find(q);
                best[q] = Math.min(best[q], System.nanoTime() - startedNs);
            }
        }
        Arrays.sort(best);
        return new Result(FilterGrid.recall(found, truth), best[best.length / 2] / 1e3);
    }
}
