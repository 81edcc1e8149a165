package dev.shaula.shard;

import dev.shaula.hnsw.FilteredGraphSearcher;
import dev.shaula.hnsw.FilteredGraphSearcher.End;
import dev.shaula.hnsw.GraphSearcher;
import dev.shaula.hnsw.HnswGraph;
import dev.shaula.model.SearchExplanation.Plan;
import dev.shaula.model.SearchRequest;
import dev.shaula.vectors.Scorer;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * The search of one snapshot for the nearest of some matches: by the plan that promises to cost least, and by a scan
 * of all matches where that turns out to go badly.
 *
 * @param live rows that are live
 * @param rows rows there are
 * @param walkable whether there is a graph to walk
 */
record MatchSearch(SearchRequest request, Matches matches, int live, int rows, HnswGraph graph, boolean walkable) {
    private static final int DEFAULT_EF = 100;
    /** Matches at which a filtered walk begins, besides the place the graph leads to. */
    private static final int SEEDS = 16;
    /** How much wider a walk is where the matches are far from the query. */
    private static final int FAR_WIDTH = 4;

    /**
     * What was found, closest first; read from the scratch, and so good until its next search.
     *
     * @param plans in the order tried
     * @param predicted distances of the first plan
     */
    record Outcome(SearchScratch scratch, List<Plan> plans, long predicted, int count) {
        int ordinal(int i) {
            return isFiltered() ? scratch.filtered.ordinal(i) : scratch.searcher.ordinal(i);
        }

        float distance(int i) {
            return isFiltered() ? scratch.filtered.distance(i) : scratch.searcher.distance(i);
        }

        private boolean isFiltered() {
            return plans.getLast() == Plan.FILTERED_WALK || plans.getLast() == Plan.WIDE_WALK;
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
            return new Outcome(scratch, List.of(Plan.SCAN), 0, 0);
        }
        SearchPlanner.Choice choice = SearchPlanner.choose(task(ef()));
        return switch (choice.plan()) {
            case SCAN -> scan(scorers, scratch, choice, List.of(Plan.SCAN));
            case WALK -> walk(scorers, scratch, choice);
            case FILTERED_WALK, WIDE_WALK -> filteredWalk(scorers, scratch, choice);
        };
    }

    private int k() {
        return Math.min(request.k(), matches.count());
    }

    /** At ef = k the k-th result is a guess, and the contract promises good recall without a parameter. */
    private int ef() {
        return request.ef() > 0 ? Math.max(request.ef(), k() + k() / 2) : Math.max(DEFAULT_EF, 2 * k());
    }

    private Outcome scan(Scorers scorers, SearchScratch scratch, SearchPlanner.Choice choice, List<Plan> plans) {
        scorers.exact.query(request.vector());
        int n = scratch.searcher.scan(rows, scorers.exact, k(), matches.bits());
        return new Outcome(scratch, plans, choice.predicted(), n);
    }

    private Outcome walk(Scorers scorers, SearchScratch scratch, SearchPlanner.Choice choice) {
        scorers.approximate.query(request.vector());
        GraphSearcher searcher = scratch.searcher;
        int n = searcher.search(graph, rows, scorers.approximate, k(), ef(), matches.bits());
        if (n < k()) {
            return scan(scorers, scratch, choice, List.of(Plan.WALK, Plan.SCAN));
        }
        if (scorers.coded) {
            scorers.exact.query(request.vector());
            searcher.rescore(scorers.exact, GraphSearcher.kept(k()));
        }
        return new Outcome(scratch, List.of(Plan.WALK), choice.predicted(), k());
    }

    private Outcome filteredWalk(Scorers scorers, SearchScratch scratch, SearchPlanner.Choice choice) {
        scorers.approximate.query(request.vector());
        End end = scratch.filtered.search(graph, scorers.approximate, walk(ef(), choice, false));
        if (end == End.FAR_AWAY) {
            return farWalk(scorers, scratch, choice);
        }
        List<Plan> plans = List.of(Plan.FILTERED_WALK);
        return end == End.COMPLETE
                ? walked(scorers, scratch, choice, plans)
                : scan(scorers, scratch, choice, List.of(Plan.FILTERED_WALK, Plan.SCAN));
    }

    /** The matches are far from the query: a wider walk, unless a scan costs less. */
    private Outcome farWalk(Scorers scorers, SearchScratch scratch, SearchPlanner.Choice first) {
        SearchPlanner.Choice wide = SearchPlanner.choose(task(FAR_WIDTH * ef()));
        if (wide.plan() == Plan.SCAN) {
            return scan(scorers, scratch, first, List.of(Plan.FILTERED_WALK, Plan.SCAN));
        }
        End end = scratch.filtered.search(graph, scorers.approximate, walk(FAR_WIDTH * ef(), wide, true));
        return end == End.COMPLETE
                ? walked(scorers, scratch, first, List.of(Plan.FILTERED_WALK, Plan.WIDE_WALK))
                : scan(scorers, scratch, first, List.of(Plan.FILTERED_WALK, Plan.WIDE_WALK, Plan.SCAN));
    }

    private Outcome walked(Scorers scorers, SearchScratch scratch, SearchPlanner.Choice choice, List<Plan> plans) {
        if (scorers.coded) {
            scorers.exact.query(request.vector());
            scratch.filtered.rescore(scorers.exact, GraphSearcher.kept(k()));
        }
        return new Outcome(scratch, plans, choice.predicted(), Math.min(k(), scratch.filtered.count()));
    }

    private FilteredGraphSearcher.Walk walk(int ef, SearchPlanner.Choice choice, boolean anywhere) {
        return new FilteredGraphSearcher.Walk(
                rows,
                Objects.requireNonNull(matches.bits(), "a filter leaves something out"),
                ef,
                matches.sample(SEEDS),
                (double) matches.count() / rows,
                choice.budget(),
                anywhere);
    }

    private SearchPlanner.Task task(int ef) {
        return new SearchPlanner.Task(live, matches.count(), k(), ef, graph.m(), request.exact() || !walkable);
    }
}
