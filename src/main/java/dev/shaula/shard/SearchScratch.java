package dev.shaula.shard;

import dev.shaula.hnsw.FilteredGraphSearcher;
import dev.shaula.hnsw.GraphSearcher;
import dev.shaula.hnsw.MatchRanking;
import dev.shaula.vectors.CodeScratch;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** What one search thread keeps from search to search. Not thread-safe. */
final class SearchScratch {
    final GraphSearcher searcher = new GraphSearcher();
    final FilteredGraphSearcher filtered = new FilteredGraphSearcher();
    final MatchRanking ranking = new MatchRanking();
    private CodeScratch codes = new CodeScratch(1);

    /** As {@link GraphSearcher#stopWhen}, for every search. */
    void stopWhen(@Nullable BooleanSupplier stop) {
        searcher.stopWhen(stop);
        filtered.stopWhen(stop);
        ranking.stopWhen(stop);
    }

    /** Room to prepare a query of {@code dimensions}; made anew when they change. */
    CodeScratch codes(int dimensions) {
        if (codes.dimensions() != dimensions) {
            codes = new CodeScratch(dimensions);
        }
        return codes;
    }
}
