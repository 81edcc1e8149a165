package dev.shaula.shard;

import dev.shaula.hnsw.GraphSearcher;
import dev.shaula.vectors.CodeScratch;

/** What one search thread keeps from search to search. Not thread-safe. */
final class SearchScratch {
    final GraphSearcher searcher = new GraphSearcher();
    private CodeScratch codes = new CodeScratch(1);

    /** Room to prepare a query of {@code dimensions}; made anew when they change. */
    CodeScratch codes(int dimensions) {
        if (codes.dimensions() != dimensions) {
            codes = new CodeScratch(dimensions);
        }
        return codes;
    }
}
