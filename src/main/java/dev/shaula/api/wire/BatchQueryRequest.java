package dev.shaula.api.wire;

import dev.shaula.model.SearchRequest;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Several queries of one collection. */
public record BatchQueryRequest(String collection, List<Item> items) {

    /**
     * One of the queries.
     *
     * @param queryId echoed in the answer; null if the caller gave none
     * @param vectors how the answer is to write vectors
     * @param ownVectors whether the query itself said if it wants vectors
     * @param ownMetadata whether the query itself said if it wants metadata
     */
    public record Item(
            @Nullable String queryId,
            SearchRequest search,
            VectorForm vectors,
            boolean ownVectors,
            boolean ownMetadata) {
        /** As it is asked in the end: what the query left open is taken from the request around it. */
        Item inside(VectorForm otherwise, boolean metadata, boolean version) {
            VectorForm form = ownVectors ? vectors : otherwise;
            SearchRequest s = search;
            SearchRequest asked = new SearchRequest(
                    s.vector(),
                    s.k(),
                    s.ef(),
                    s.exact(),
                    s.minScore(),
                    s.filter(),
                    form != VectorForm.NONE,
                    ownMetadata ? s.includeMetadata() : metadata,
                    version || s.includeVersion(),
                    s.deadlineNs());
            return new Item(queryId, asked, form, true, true);
        }
    }

    /** The searches in request order, for a caller who waits until {@code deadlineNs}. */
    public List<SearchRequest> searches(long deadlineNs) {
        return items.stream()
                .map(item -> item.search().withDeadlineNs(deadlineNs))
                .toList();
    }
}
