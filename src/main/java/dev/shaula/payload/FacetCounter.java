package dev.shaula.payload;

import dev.shaula.model.Filter.Value;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.VectorDbException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Counts how many rows have each value of a field, by the rules of a filter on that field: numbers by value, and a list for
 * each of its scalars. Not thread-safe.
 */
public final class FacetCounter {
    private final String field;
    private final int[] slots;
    private final Row row;
    private final MetadataWalk walk;
    private final Scalar scalar = new Scalar();
    private final Map<Value, Long> counts = new HashMap<>();

    public FacetCounter(String field) {
        this.field = field;
        FieldTrie trie = new FieldTrie();
        slots = trie.add(field);
        row = new Row(trie.slotCount());
        walk = new MetadataWalk(trie, false);
    }

    /**
     * Counts a row.
     *
     * @throws VectorDbException (invalid) if there are more than {@link Limits#MAX_FACET_VALUES} different values
     */
    public void add(Metadata metadata) {
        if (metadata.isEmpty()) {
            return;
        }
        row.clear();
        walk.walk(metadata, scalar, row);
        for (int slot : slots) {
            if (row.found[slot]) {
                row.values.get(slot).forEach(value -> counts.merge(value, 1L, Long::sum));
                break;
            }
        }
        if (counts.size() > Limits.MAX_FACET_VALUES) {
            throw VectorDbException.invalid("field: \"" + field + "\" has more than " + Limits.MAX_FACET_VALUES
                    + " different values; narrow it down by a filter");
        }
    }

    /** What was counted so far; the caller may keep it, and nothing more is to be added then. */
    public Map<Value, Long> counts() {
        return counts;
    }

    private static final class Row implements MetadataWalk.Sink {
        private final boolean[] found;
        private final List<Set<Value>> values = new ArrayList<>();

        Row(int slots) {
            found = new boolean[slots];
            for (int slot = 0; slot < slots; slot++) {
                values.add(new HashSet<>());
            }
        }

        void clear() {
            for (int slot = 0; slot < found.length; slot++) {
                forget(slot);
            }
        }

        @Override
        public void begin(int slot) {
            values.get(slot).clear();
            found[slot] = true;
        }

        @Override
        public void forget(int slot) {
            values.get(slot).clear();
            found[slot] = false;
        }

        @Override
        public void scalar(int slot, Scalar scalar) {
            values.get(slot)
                    .add(
                            switch (scalar.kind()) {
                                case TEXT -> new Value.Text(scalar.text());
                                case NUMBER -> new Value.Num(scalar.number() + 0.0); // both zeros are one value
                                case BOOL -> new Value.Bool(scalar.bool());
                                case NULL -> new Value.Null();
                            });
        }

        @Override
        public void place(int slot, double lat, double lon) {}
    }
}
