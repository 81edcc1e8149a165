package dev.shaula.payload;

import dev.shaula.model.Filter.Value;
import dev.shaula.model.Metadata;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads the values of one field, by the rules of a filter on it: numbers by value, and a list for each of its scalars.
 * Not thread-safe.
 */
public final class FieldValues {
    private final int[] slots;
    private final Row row;
    private final MetadataWalk walk;
    private final Scalar scalar = new Scalar();

    public FieldValues(String field) {
        FieldTrie trie = new FieldTrie();
        slots = trie.add(field);
        row = new Row(trie.slotCount());
        walk = new MetadataWalk(trie, false);
    }

    /** The different values of a row, none if the field is not there; good until the next call. */
    public Set<Value> of(Metadata metadata) {
        if (metadata.isEmpty()) {
            return Set.of();
        }
        row.clear();
        walk.walk(metadata, scalar, row);
        for (int slot : slots) {
            if (row.found[slot]) {
                return row.values.get(slot);
            }
        }
        return Set.of();
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
