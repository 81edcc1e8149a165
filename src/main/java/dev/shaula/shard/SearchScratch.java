package dev.shaula.shard;

import dev.shaula.hnsw.FilteredGraphSearcher;
import dev.shaula.hnsw.GraphSearcher;
import dev.shaula.memory.NativeMemory;
import java.lang.foreign.MemorySegment;

/** What one search thread keeps from search to search. Not thread-safe. */
final class SearchScratch {
    final GraphSearcher searcher = new GraphSearcher();
    final FilteredGraphSearcher filtered = new FilteredGraphSearcher();
    private MemorySegment query = MemorySegment.NULL;

    /** Native room for a query. */
    MemorySegment query(long bytes) {
        if (query.byteSize() < bytes) {
            query = NativeMemory.allocate(bytes, false);
        }
        return query;
    }
}
