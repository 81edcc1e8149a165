package dev.shaula.payload;

import dev.shaula.model.Filter.Value;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.VectorDbException;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts how many rows have each value of a field, by the rules of a filter on that field: numbers by value, and a list for
 * each of its scalars. Not thread-safe.
 */
public final class FacetCounter {
    private final String field;
    private final FieldValues values;
    private final Map<Value, Long> counts = new HashMap<>();

    public FacetCounter(String field) {
        this.field = field;
        this.values = new FieldValues(field);
    }

    /**
     * Counts a row.
     *
     * @throws VectorDbException (invalid) if there are more than {@link Limits#MAX_FACET_VALUES} different values
     */
    public void add(Metadata metadata) {
        values.of(metadata).forEach(value -> counts.merge(value, 1L, Long::sum));
        check();
    }

    private void check() {
        if (counts.size() > Limits.MAX_FACET_VALUES) {
            throw VectorDbException.invalid("field: \"" + field + "\" has more than " + Limits.MAX_FACET_VALUES
                    + " different values; narrow it down by a filter");
        }
    }

    /**
     * Takes what an index has counted of other rows.
     *
     * @throws VectorDbException as {@link #add(Metadata)}
     */
    public void add(Map<Value, Long> counted) {
        counted.forEach((value, count) -> counts.merge(value, count, Long::sum));
        check();
    }

    /** What was counted so far; the caller may keep it, and nothing more is to be added then. */
    public Map<Value, Long> counts() {
        return counts;
    }
}
