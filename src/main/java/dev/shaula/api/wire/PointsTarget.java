package dev.shaula.api.wire;

import dev.shaula.model.Ack;
import dev.shaula.model.Filter;
import dev.shaula.model.VectorDbException;
import java.util.LinkedHashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which points of a collection are to be written to.
 *
 * @param ids in request order, each once; empty if a filter is given
 * @param filter null if ids are given
 * @param ack what the answer is to stand for
 */
public record PointsTarget(
        String collection, List<String> ids, @Nullable Filter filter, Ack ack) {

    /**
     * As a request names them.
     *
     * @param ids null if there is no such list
     * @param filtered whether there is a filter
     * @param filter null also if it has no condition
     * @throws VectorDbException (invalid) if there is neither or both, or if the filter has no condition: what is meant for
     *     all must not be what is left when a condition is forgotten
     */
    public static PointsTarget of(
            String collection, @Nullable List<String> ids, boolean filtered, @Nullable Filter filter, Ack ack) {
        if ((ids != null) == filtered) {
            throw VectorDbException.invalid(
                    "ids: expected a list of ids or a filter, got " + (filtered ? "both" : "nothing"));
        }
        if (filtered && filter == null) {
            throw VectorDbException.invalid("filter: expected at least one condition, got none");
        }
        List<String> distinct = ids == null ? List.of() : List.copyOf(new LinkedHashSet<>(ids));
        return new PointsTarget(collection, distinct, filter, ack);
    }
}
