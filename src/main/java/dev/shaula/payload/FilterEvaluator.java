package dev.shaula.payload;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.shaula.model.Filter;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A {@link Filter} compiled for deciding row by row from the bytes of the metadata: one streaming pass, no tree, and
 * what the filter does not name is skipped. Exact, and the oracle of every index. Immutable; any thread may call it.
 *
 * <p>Of a key that stands twice in one object the last counts. A list matches when one of its scalars does; lists and
 * objects inside a list match nothing.
 */
public final class FilterEvaluator implements Predicate<Metadata> {
    /** Metadata is bounded as a whole, so the bounds on its parts only need to be as wide. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNumberLength(Limits.MAX_METADATA_BYTES)
                    .maxNameLength(Limits.MAX_METADATA_BYTES)
                    .build())
            .build();

    private final FieldTrie trie = new FieldTrie();
    private final List<Field> fields = new ArrayList<>();
    private final Field[] fieldOfSlot;
    private final int[] firstResultOfSlot;
    private final int resultCount;
    private final boolean acceptsEmpty;

    /** The conditions on one field; a row must satisfy all. */
    private static final class Field {
        private final int[] slots;
        private final List<Condition> conditions = new ArrayList<>();
        private final List<Boolean> negated = new ArrayList<>();

        Field(int[] slots) {
            this.slots = slots;
        }

        void require(Condition condition, boolean negate) {
            conditions.add(condition);
            negated.add(negate);
        }
    }

    private FilterEvaluator(Filter filter) {
        Map<String, Field> byName = new LinkedHashMap<>();
        collect(filter, byName);
        fields.addAll(byName.values());
        fieldOfSlot = new Field[trie.slotCount()];
        firstResultOfSlot = new int[trie.slotCount()];
        int results = 0;
        for (Field field : fields) {
            for (int slot : field.slots) {
                fieldOfSlot[slot] = field;
                firstResultOfSlot[slot] = results;
                results += field.conditions.size();
            }
        }
        resultCount = results;
        acceptsEmpty = new Evaluation().verdict();
    }

    /** Compiles {@code filter}; its size and depth are the caller's to limit. */
    public static FilterEvaluator compile(Filter filter) {
        return new FilterEvaluator(filter);
    }

    private void collect(Filter filter, Map<String, Field> byName) {
        switch (filter) {
            case Filter.And and -> and.conditions().forEach(each -> collect(each, byName));
            case Filter.Compare c ->
                field(c.field(), byName).require(Condition.of(c.op(), c.value()), c.op() == Filter.Op.NE);
            case Filter.In in -> field(in.field(), byName).require(new Condition.OneOf(in.values()), false);
            case Filter.NotIn in -> field(in.field(), byName).require(new Condition.OneOf(in.values()), true);
        }
    }

    private Field field(String name, Map<String, Field> byName) {
        return byName.computeIfAbsent(name, n -> new Field(trie.add(n)));
    }

    /**
     * Whether the row with this metadata is accepted.
     *
     * @throws IllegalArgumentException if the metadata is not a JSON object
     */
    @Override
    public boolean test(Metadata metadata) {
        if (metadata.isEmpty()) {
            return acceptsEmpty;
        }
        if (fields.isEmpty()) {
            return true;
        }
        try (JsonParser parser = JSON.createParser(metadata.json())) {
            Evaluation evaluation = new Evaluation();
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("metadata: expected a JSON object");
            }
            evaluation.object(parser, trie.root);
            return evaluation.verdict();
        } catch (IOException e) {
            throw new IllegalArgumentException("metadata: expected a JSON object", e);
        }
    }

    /** One row's pass: for every slot, whether it was found and which of its field's conditions held there. */
    private final class Evaluation {
        private final boolean[] found = new boolean[fieldOfSlot.length];
        private final boolean[] results = new boolean[resultCount];
        private final Scalar scalar = new Scalar();

        void object(JsonParser parser, FieldTrie.Node node) throws IOException {
            for (String key = parser.nextFieldName(); key != null; key = parser.nextFieldName()) {
                FieldTrie.Node child = node.child(key);
                JsonToken value = parser.nextToken();
                if (child == null) {
                    parser.skipChildren();
                } else {
                    value(parser, value, child);
                }
            }
        }

        private void value(JsonParser parser, JsonToken token, FieldTrie.Node node) throws IOException {
            for (int slot : node.slotsFromHere()) {
                found[slot] = false; // an earlier value of the same key counts no more
            }
            for (int slot : node.slots()) {
                int first = firstResultOfSlot[slot];
                Arrays.fill(results, first, first + fieldOfSlot[slot].conditions.size(), false);
                found[slot] = true;
            }
            switch (token) {
                case START_OBJECT -> {
                    if (node.hasChildren()) {
                        object(parser, node);
                    } else {
                        parser.skipChildren();
                    }
                }
                case START_ARRAY -> array(parser, node);
                default -> scalar(parser, token, node);
            }
        }

        private void array(JsonParser parser, FieldTrie.Node node) throws IOException {
            for (JsonToken token = parser.nextToken();
                    token != null && token != JsonToken.END_ARRAY;
                    token = parser.nextToken()) {
                if (token.isScalarValue()) {
                    scalar(parser, token, node);
                } else {
                    parser.skipChildren();
                }
            }
        }

        private void scalar(JsonParser parser, JsonToken token, FieldTrie.Node node) throws IOException {
            if (node.slots().length == 0) {
                return;
            }
            scalar.read(parser, token);
            for (int slot : node.slots()) {
                int result = firstResultOfSlot[slot];
                for (Condition condition : fieldOfSlot[slot].conditions) {
                    results[result++] |= condition.accepts(scalar);
                }
            }
        }

        boolean verdict() {
            for (Field field : fields) {
                int slot = deciding(field);
                for (int i = 0; i < field.conditions.size(); i++) {
                    boolean holds = slot >= 0 && results[firstResultOfSlot[slot] + i];
                    if (holds == field.negated.get(i)) {
                        return false;
                    }
                }
            }
            return true;
        }

        /** The first slot that was found, -1 if none was. */
        private int deciding(Field field) {
            for (int slot : field.slots) {
                if (found[slot]) {
                    return slot;
                }
            }
            return -1;
        }
    }
}
