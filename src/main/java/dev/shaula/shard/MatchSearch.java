package dev.shaula.shard;

import dev.shaula.hnsw.FilteredGraphSearcher;
import dev.shaula.hnsw.FilteredGraphSearcher.End;
import dev.shaula.hnsw.GraphSearcher;
import dev.shaula.hnsw.HnswGraph;
import dev.shaula.hnsw.MatchRanking;
import dev.shaula.model.Metric;
import dev.shaula.model.SearchExplanation.Plan;
import dev.shaula.model.SearchRequest;
import dev.shaula.vectors.Scorer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * The search of one snapshot for the nearest of some matches: by the plan that promises to cost least, and by a scan
 * of all matches where that turns out to go badly.
 *
 * @param live rows that are live, among those there are
 * @param walkable whether there is a graph to walk
 */
record MatchSearch(
        SearchRequest request, Metric metric, Matches matches, LiveRows live, HnswGraph graph, boolean walkable) {
    private static final int DEFAULT_EF = 100;
    /** Matches at which a filtered walk begins, besides the place the graph leads to. */
    private static final int SEEDS = 16;
    /** Of what a scan on codes would measure again, so many times as many rows are measured exactly at once. */
    private static final int FEW = 2;
    /** And rows of no more floats than this with their ends: 55 of 784, which take 5 us, as long as preparing a query for codes and using it. */
    private static final int FEW_FLOATS = 45_000;
    /** What a row has behind its floats: padding, and a cache line with its length. */
    private static final int ROW_END = 32;
    /** And so many times as many at once by what a scan would measure them with again: preparing a coarse query takes its time too. */
    private static final int FEW_COARSE = 12;
    /**
     * How much wider a plain walk is whose results are sifted, by dot products of rows of unequal length: the nearest do not
     * lie together, and a walk of the usual width found 139 of 150 among half of 4,000 rows.
     */
    private static final double DOT_WIDTH = 2;
    /** How much wider a walk is where the matches are far from the query. */
    private static final int FAR_WIDTH = 4;

    /** Rows and their distances, closest first. */
    interface Found {
        int count();

        int ordinal(int i);

        float distance(int i);
    }

    /**
     * What was found, closest first; read from the scratch, and so good until its next search.
     *
     * @param plans in the order tried
     * @param predicted distances of the first plan
     * @param ranked whether {@link SearchScratch#ranking} found it
     */
    record Outcome(SearchScratch scratch, List<Plan> plans, long predicted, int count, boolean ranked)
            implements Found {
        @Override
        public int ordinal(int i) {
            return ranked ? scratch.ranking.ordinal(i) : scratch.searcher.ordinal(i);
        }

        @Override
        public float distance(int i) {
            return ranked ? scratch.ranking.distance(i) : scratch.searcher.distance(i);
        }
    }

    /**
     * What measures.
     *
     * @param approximate for walks
     * @param exact for scans, and for what a walk by codes has found
     * @param coded whether the two differ
     */
    record Scorers(Scorer approximate, Scorer exact, boolean coded) {
        Scorers counting(LongAdder count) {
            return new Scorers(new CountingScorer(approximate, count), new CountingScorer(exact, count), coded);
        }
    }

    /** Makes the request's vector the scorers' query, and searches. */
    Outcome run(Scorers scorers, SearchScratch scratch) {
        if (matches.count() == 0) {
            return new Outcome(scratch, List.of(Plan.SCAN), 0, 0, false);
        }
        SearchPlanner.Choice choice = SearchPlanner.choose(task(ef(), scorers.coded));
        return switch (choice.plan()) {
            case SCAN -> scan(scorers, scratch, choice, List.of(Plan.SCAN));
            case WALK -> walk(scorers, scratch, choice);
            case FILTERED_WALK, WIDE_WALK -> filteredWalk(scorers, scratch, choice);
        };
    }

    /** Whether {@link #run} would measure all matches exactly and do nothing else. */
    boolean scansExactly(boolean coded) {
        return matches.count() > 0 && SearchPlanner.choose(task(ef(), coded)).plan() == Plan.SCAN && !scansCodes(coded);
    }

    private int rows() {
        return live.rows();
    }

    /** Results that there can be. */
    int k() {
        return Math.min(request.k(), matches.count());
    }

    /** At ef = k the k-th result is a guess, and the contract promises good recall without a parameter. */
    private int ef() {
        int asked = request.ef() > 0 ? request.ef() : DEFAULT_EF;
        if (widens()) {
            return asked;
        }
        return Math.max(asked, request.ef() > 0 && !isRange() ? k() + k() / 2 : 2 * k());
    }

    /**
     * Whether a walk grows with what is in range. Not by dot products of rows of unequal length, where what is in range does
     * not lie together: such a walk found 1,703 of 2,000. And not yet among matches of a filter.
     */
    private boolean widens() {
        return isRange() && request.filter() == null && metric != Metric.DOT;
    }

    private boolean isRange() {
        return request.minScore() > Float.NEGATIVE_INFINITY;
    }

    /** On codes, unless nothing but the exact answer will do, or the rows are so few that a look at all costs nothing. */
    private Outcome scan(Scorers scorers, SearchScratch scratch, SearchPlanner.Choice choice, List<Plan> plans) {
        long[] accepted = matches.bits();
        if (accepted != null && scansCodes(scorers.coded)) {
            scorers.approximate.query(request.vector());
            scorers.exact.query(request.vector());
            boolean coarse = matches.count() > FEW_COARSE * GraphSearcher.kept(k());
            scratch.ranking.scan(matching(accepted), scorers.approximate, scorers.exact, coarse, k());
            return new Outcome(scratch, plans, choice.predicted(), scratch.ranking.count(), true);
        }
        scorers.exact.query(request.vector());
        if (accepted != null) {
            scratch.ranking.scan(rows(), scorers.exact, accepted, k());
            return new Outcome(scratch, plans, choice.predicted(), scratch.ranking.count(), true);
        }
        int n = scratch.searcher.scan(rows(), scorers.exact, k(), null);
        return new Outcome(scratch, plans, choice.predicted(), n, false);
    }

    private boolean scansCodes(boolean coded) {
        return coded && walkable && !request.exact() && matches.bits() != null && isWorthCodes();
    }

    private boolean isWorthCodes() {
        int few = Math.max(FEW * GraphSearcher.kept(k()), FEW_FLOATS / (request.vector().length + ROW_END));
        return matches.count() > few && matches.count() <= MatchRanking.MOST_ROWS;
    }

    private Outcome walk(Scorers scorers, SearchScratch scratch, SearchPlanner.Choice choice) {
        if (widens()) {
            return rangeWalk(scorers, scratch, choice);
        }
        scorers.approximate.query(request.vector());
        GraphSearcher searcher = scratch.searcher;
        int n = searcher.search(graph, rows(), scorers.approximate, k(), ef(), matches.bits());
        if (n < k()) {
            return scan(scorers, scratch, choice, List.of(Plan.WALK, Plan.SCAN));
        }
        if (scorers.coded) {
            scorers.exact.query(request.vector());
            searcher.rescore(scorers.exact, k());
        }
        return new Outcome(scratch, List.of(Plan.WALK), choice.predicted(), k(), false);
    }

    private MatchRanking.Matching matching(long[] accepted) {
        return new MatchRanking.Matching(graph.size(), rows(), accepted);
    }

    /** How the plain walk ended, of whose results those are taken that match. */
    private enum Sifted {
        FOUND,
        /** Too few of its results match. */
        TOO_FEW,
        /** Matches are not where the query is, or not enough of them that the walk is worth more than a scan. */
        GIVEN_UP
    }

    /** Where matches are frequent the plain walk meets enough of them, and reads no lists of neighbours that do not match. */
    private Sifted sift(Scorers scorers, SearchScratch scratch, SearchPlanner.Sift sift) {
        long[] accepted = Objects.requireNonNull(matches.bits(), "a filter leaves something out");
        scorers.approximate.query(request.vector());
        scorers.exact.query(request.vector());
        GraphSearcher searcher = scratch.searcher;
        double nodes = nodesAResult();
        GraphSearcher.Sieve sieve = new GraphSearcher.Sieve(
                accepted,
                sift.wanted(),
                (int) (nodes * ef()),
                (int) (nodes * sift.likely()),
                (int) (nodes * sift.most()),
                (int) (nodes * sift.glance()),
                sift.least(),
                (int) (nodes * sift.steps()));
        if (!searcher.searchSieved(graph, scorers.approximate, sieve)) {
            return Sifted.GIVEN_UP;
        }
        return scratch.ranking.sift(searcher, matching(accepted), scorers.approximate, scorers.exact, k())
                ? Sifted.FOUND
                : Sifted.TOO_FEW;
    }

    /** At most as wide as a walk for all {@code k}, and no wider than where a scan of all matches measures less. */
    private Outcome rangeWalk(Scorers scorers, SearchScratch scratch, SearchPlanner.Choice choice) {
        int wide = Math.max(ef(), 2 * k());
        int most = Math.min(wide, Math.max(ef(), SearchPlanner.widest(matches.count(), graph.m())));
        scorers.approximate.query(request.vector());
        scorers.exact.query(request.vector());
        GraphSearcher searcher = scratch.searcher;
        int n = searcher.searchRange(
                graph,
                rows(),
                scorers.approximate,
                scorers.exact,
                new GraphSearcher.Range(metric.distance(request.minScore()), k(), ef(), most),
                matches.bits());
        boolean cutOff = searcher.walked() + rows() - graph.size() < Math.min(k(), ef());
        if (cutOff || (searcher.walked() == most && most < wide)) {
            return scan(scorers, scratch, choice, List.of(Plan.WALK, Plan.SCAN));
        }
        return new Outcome(scratch, List.of(Plan.WALK), choice.predicted(), n, false);
    }

    private Outcome filteredWalk(Scorers scorers, SearchScratch scratch, SearchPlanner.Choice choice) {
        List<Plan> tried = new ArrayList<>();
        SearchPlanner.Sift sift = SearchPlanner.sift(task(ef(), scorers.coded));
        if (sift != null) {
            tried.add(Plan.WALK);
            Sifted sifted = sift(scorers, scratch, sift);
            if (sifted == Sifted.FOUND) {
                return new Outcome(scratch, tried, choice.predicted(), scratch.ranking.count(), true);
            }
            if (scorers.coded && sifted == Sifted.GIVEN_UP) {
                return scanAfter(tried, scorers, scratch, choice);
            }
        }
        tried.add(Plan.FILTERED_WALK);
        scorers.approximate.query(request.vector());
        End end = scratch.filtered.search(graph, scorers.approximate, walk(ef(), choice, false));
        if (end == End.FAR_AWAY) {
            return farWalk(scorers, scratch, choice, tried);
        }
        return end == End.COMPLETE
                ? sharpened(scorers, scratch, choice, tried)
                : scanAfter(tried, scorers, scratch, choice);
    }

    private Outcome scanAfter(List<Plan> tried, Scorers scorers, SearchScratch scratch, SearchPlanner.Choice choice) {
        tried.add(Plan.SCAN);
        return scan(scorers, scratch, choice, tried);
    }

    /**
     * The matches are far from the query: a wider walk, unless a scan costs less. On codes always a scan: the nearest of
     * matches that are far lie at nearly the same distance, and a walk that cannot tell them apart found 2 of 10
     * (mnist-784, the farther half of the rows).
     */
    private Outcome farWalk(Scorers scorers, SearchScratch scratch, SearchPlanner.Choice first, List<Plan> tried) {
        SearchPlanner.Choice wide = SearchPlanner.choose(task(FAR_WIDTH * ef(), scorers.coded));
        if (wide.plan() == Plan.SCAN || scorers.coded) {
            return scanAfter(tried, scorers, scratch, first);
        }
        tried.add(Plan.WIDE_WALK);
        End end = scratch.filtered.search(graph, scorers.approximate, walk(FAR_WIDTH * ef(), wide, true));
        return end == End.COMPLETE
                ? sharpened(scorers, scratch, first, tried)
                : scanAfter(tried, scorers, scratch, first);
    }

    private Outcome sharpened(Scorers scorers, SearchScratch scratch, SearchPlanner.Choice choice, List<Plan> plans) {
        scorers.exact.query(request.vector());
        scratch.ranking.sharpen(scratch.filtered, scorers.exact, k());
        return new Outcome(scratch, plans, choice.predicted(), scratch.ranking.count(), true);
    }

    private FilteredGraphSearcher.Walk walk(int ef, SearchPlanner.Choice choice, boolean anywhere) {
        return new FilteredGraphSearcher.Walk(
                rows(),
                Objects.requireNonNull(matches.bits(), "a filter leaves something out"),
                ef,
                matches.sample(SEEDS),
                (double) matches.count() / rows(),
                choice.budget(),
                anywhere);
    }

    private SearchPlanner.Task task(int ef, boolean coded) {
        int k = widens() ? Math.min(k(), ef) : k(); // how many are in range is not known yet
        return new SearchPlanner.Task(
                live.count(), matches.count(), k, ef, graph.m(), request.exact() || !walkable, coded, nodesAResult());
    }

    /** A plain walk whose results are sifted counts dead rows, which are of no more use to it than to one that finds live ones. */
    private double nodesAResult() {
        return (metric == Metric.DOT ? DOT_WIDTH : 1) * (double) rows() / live.count();
    }
}
