package dev.shaula.api.wire;

import dev.shaula.model.GroupRequest;
import dev.shaula.model.SearchRequest;
import org.jspecify.annotations.Nullable;

/**
 * One query of one collection.
 *
 * @param vectors how the answer is to write vectors
 * @param explain whether the answer is to say how it was found
 * @param groups the groups wanted instead of points, null for points
 */
public record QueryRequest(
        String collection,
        SearchRequest search,
        VectorForm vectors,
        boolean explain,
        @Nullable GroupRequest groups) {

    /** The same for a caller who waits until {@code deadlineNs}. */
    public QueryRequest withDeadlineNs(long deadlineNs) {
        if (deadlineNs == SearchRequest.NO_DEADLINE) {
            return this;
        }
        SearchRequest timed = search.withDeadlineNs(deadlineNs);
        GroupRequest timedGroups =
                groups == null ? null : new GroupRequest(timed, groups.field(), groups.groups(), groups.size());
        return new QueryRequest(collection, timed, vectors, explain, timedGroups);
    }
}
