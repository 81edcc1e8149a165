package dev.shaula.model;

import java.util.List;

/**
 * A search for the nearest groups: points with the same value of a field are one group, as near as the nearest of them.
 * Values are told apart as in a {@link Filter}; a point whose field is a list belongs to the group of each element, one
 * whose field is missing, null or an object to none.
 *
 * @param search what is searched, and what of each point is wanted; its {@code k} has no meaning
 * @param field as in a {@link Filter}
 * @param groups wanted, 1 to {@link Limits#MAX_GROUPS}; fewer come back only when fewer exist
 * @param size points wanted of each, 1 to {@link Limits#MAX_GROUP_SIZE}; fewer come back only when fewer exist
 */
public record GroupRequest(SearchRequest search, String field, int groups, int size) {
    public static final int DEFAULT_GROUPS = 10;
    public static final int DEFAULT_SIZE = 1;

    /** @throws VectorDbException (invalid) naming the field, the value and the bound */
    public GroupRequest {
        if (field.isEmpty() || field.length() > Limits.MAX_FIELD_LENGTH) {
            throw VectorDbException.invalid(
                    "group_by: expected 1 to " + Limits.MAX_FIELD_LENGTH + " characters, got " + field.length());
        }
        if (groups < 1 || groups > Limits.MAX_GROUPS) {
            throw VectorDbException.invalid("group_limit: expected 1 to " + Limits.MAX_GROUPS + ", got " + groups);
        }
        if (size < 1 || size > Limits.MAX_GROUP_SIZE) {
            throw VectorDbException.invalid("group_size: expected 1 to " + Limits.MAX_GROUP_SIZE + ", got " + size);
        }
    }

    /** The search for the points of one group alone. */
    public SearchRequest searchOf(Filter.Value value) {
        Filter member = new Filter.Compare(field, Filter.Op.EQ, value);
        Filter filter = search.filter();
        return search.withFilter(filter == null ? member : new Filter.And(List.of(filter, member)))
                .withK(size);
    }
}
