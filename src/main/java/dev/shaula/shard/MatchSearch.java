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

    /** Makes the request's vector the scorer's query, and searches. */
    Outcome run(Scorer scorer, SearchScratch scratch) {
        if (matches.count() == 0) {
            return new Outcome(scratch, List.of(Plan.SCAN), 0, 0);
        }
        scorer.query(request.vector());
        int k = Math.min(request.k(), matches.count());
        // 2 k: at ef = k the k-th result is a guess; the contract promises good recall without a parameter.
        int ef = Math.max(request.ef() > 0 ? request.ef() : DEFAULT_EF, 2 * request.k());
        SearchPlanner.Choice choice = SearchPlanner.choose(task(k, ef));
        return switch (choice.plan()) {
            case SCAN -> scan(scorer, scratch, k, choice, List.of(Plan.SCAN));
            case WALK -> walk(scorer, scratch, k, ef, choice);
            case FILTERED_WALK, WIDE_WALK -> filteredWalk(scorer, scratch, k, ef, choice);
        };
    }

    private Outcome scan(Scorer scorer, SearchScratch scratch, int k, SearchPlanner.Choice choice, List<Plan> plans) {
        int n = scratch.searcher.scan(rows, scorer, k, matches.bits());
        return new Outcome(scratch, plans, choice.predicted(), n);
    }

    private Outcome walk(Scorer scorer, SearchScratch scratch, int k, int ef, SearchPlanner.Choice choice) {
        GraphSearcher searcher = scratch.searcher;
        int n = searcher.search(graph, rows, scorer, ef, matches.bits());
        return n >= k
                ? new Outcome(scratch, List.of(Plan.WALK), choice.predicted(), n)
                : scan(scorer, scratch, k, choice, List.of(Plan.WALK, Plan.SCAN));
    }

    private Outcome filteredWalk(Scorer scorer, SearchScratch scratch, int k, int ef, SearchPlanner.Choice choice) {
        End end = scratch.filtered.search(graph, scorer, walk(ef, choice, false));
        if (end == End.FAR_AWAY) {
            return farWalk(scorer, scratch, k, ef, choice);
        }
        return end == End.COMPLETE
                ? new Outcome(scratch, List.of(Plan.FILTERED_WALK), choice.predicted(), scratch.filtered.count())
                : scan(scorer, scratch, k, choice, List.of(Plan.FILTERED_WALK, Plan.SCAN));
    }

    /** The matches are far from the query: a wider walk, unless a scan costs less. */
    private Outcome farWalk(Scorer scorer, SearchScratch scratch, int k, int ef, SearchPlanner.Choice first) {
        SearchPlanner.Choice wide = SearchPlanner.choose(task(k, FAR_WIDTH * ef));
        if (wide.plan() == Plan.SCAN) {
            return scan(scorer, scratch, k, first, List.of(Plan.FILTERED_WALK, Plan.SCAN));
        }
        End end = scratch.filtered.search(graph, scorer, walk(FAR_WIDTH * ef, wide, true));
        List<Plan> plans = List.of(Plan.FILTERED_WALK, Plan.WIDE_WALK);
        return end == End.COMPLETE
                ? new Outcome(scratch, plans, first.predicted(), scratch.filtered.count())
                : scan(scorer, scratch, k, first, List.of(Plan.FILTERED_WALK, Plan.WIDE_WALK, Plan.SCAN));
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

    private SearchPlanner.Task task(int k, int ef) {
        return new SearchPlanner.Task(live, matches.count(), k, ef, graph.m(), request.exact() || !walkable);
    }
}
