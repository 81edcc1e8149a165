package dev.shaula.shard;

import dev.shaula.hnsw.BatchScan;
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
    final BatchScan batch = new BatchScan();
    private CodeScratch codes = new CodeScratch(1);

    /** As {@link GraphSearcher#stopWhen}, for every search. */
    void stopWhen(@Nullable BooleanSupplier stop) {
        searcher.stopWhen(stop);
        filtered.stopWhen(stop);
        ranking.stopWhen(stop);
        batch.stopWhen(stop);
    }

    /** What {@link #batch} has found for query {@code q}; good until its next scan. */
    MatchSearch.Found foundTogether(int q) {
        return new MatchSearch.Found() {
            @Override
            public int count() {
                return batch.count(q);
            }

            @Override
            public int ordinal(int i) {
                return batch.ordinal(q, i);
            }

            @Override
            public float distance(int i) {
                return batch.distance(q, i);
            }
        };
    }

    /** Room to prepare a query of {@code dimensions}; made anew when they change. */
    CodeScratch codes(int dimensions) {
        if (codes.dimensions() != dimensions) {
            codes = new CodeScratch(dimensions);
        }
        return codes;
    }
}
