package dev.shaula.payload;

import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
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
 * <p>Of a key that stands twice in one object the last counts. A list matches when one of its scalars or places does;
 * lists, and objects that are no places, inside a list match nothing.
 */
public final class FilterEvaluator implements Predicate<Metadata> {
    private final FieldTrie trie = new FieldTrie();
    private final List<Field> fields = new ArrayList<>();
    private final Verdict verdict;
    private final MetadataWalk walk;
    private final Field[] fieldOfSlot;
    private final int[] firstResultOfSlot;
    private final int resultCount;
    private final boolean acceptsEmpty;

    /** A field and the conditions on it. */
    private static final class Field {
        private final int[] slots;
        private final List<Condition> conditions = new ArrayList<>();

        Field(int[] slots) {
            this.slots = slots;
        }
    }

    /** What is made of the single answers. */
    private sealed interface Verdict {
        record All(List<Verdict> parts) implements Verdict {}

        record Any(List<Verdict> parts) implements Verdict {}

        record Not(Verdict part) implements Verdict {}

        /** The field is there. */
        record Found(Field field) implements Verdict {}

        /** The field is there, and the condition holds of one of its values. */
        record Holds(Field field, int condition) implements Verdict {}
    }

    private FilterEvaluator(Filter filter) {
        Map<String, Field> byName = new LinkedHashMap<>();
        verdict = compile(filter, byName);
        fields.addAll(byName.values());
        fieldOfSlot = new Field[trie.slotCount()];
        firstResultOfSlot = new int[trie.slotCount()];
        int results = 0;
        boolean places = false;
        for (Field field : fields) {
            places |= field.conditions.stream().anyMatch(Condition.In.class::isInstance);
            for (int slot : field.slots) {
                fieldOfSlot[slot] = field;
                firstResultOfSlot[slot] = results;
                results += field.conditions.size();
            }
        }
        resultCount = results;
        walk = new MetadataWalk(trie, places);
        acceptsEmpty = new Evaluation().accepts(verdict);
    }

    /** Compiles {@code filter}; its size and depth are the caller's to limit. */
    public static FilterEvaluator compile(Filter filter) {
        return new FilterEvaluator(filter);
    }

    private Verdict compile(Filter filter, Map<String, Field> byName) {
        return switch (filter) {
            case Filter.And and -> new Verdict.All(compileAll(and.conditions(), byName));
            case Filter.Or or -> new Verdict.Any(compileAll(or.conditions(), byName));
            case Filter.Not not -> new Verdict.Not(compile(not.condition(), byName));
            case Filter.Exists exists -> new Verdict.Found(field(exists.field(), byName));
            case Filter.Compare c -> {
                Verdict holds = holds(c.field(), Condition.of(c.op(), c.value()), byName);
                yield c.op() == Filter.Op.NE ? new Verdict.Not(holds) : holds;
            }
            case Filter.In in -> holds(in.field(), new Condition.OneOf(in.values()), byName);
            case Filter.NotIn in -> new Verdict.Not(holds(in.field(), new Condition.OneOf(in.values()), byName));
            case Filter.Prefix p -> holds(p.field(), new Condition.StartsWith(p.prefix()), byName);
            case Filter.Words w -> words(w, byName);
            case Filter.GeoRadius g ->
                holds(g.field(), new Condition.In(new Area.Circle(g.lat(), g.lon(), g.metres())), byName);
            case Filter.GeoBox g ->
                holds(g.field(), new Condition.In(new Area.Box(g.south(), g.west(), g.north(), g.east())), byName);
        };
    }

    private List<Verdict> compileAll(List<Filter> filters, Map<String, Field> byName) {
        return filters.stream().map(each -> compile(each, byName)).toList();
    }

    private Verdict words(Filter.Words words, Map<String, Field> byName) {
        List<Verdict> each = new ArrayList<>();
        for (String word : Words.of(words.text())) {
            each.add(holds(words.field(), new Condition.HasWord(word), byName));
        }
        return each.isEmpty() ? new Verdict.Any(each) : new Verdict.All(each);
    }

    private Verdict holds(String name, Condition condition, Map<String, Field> byName) {
        Field field = field(name, byName);
        field.conditions.add(condition);
        return new Verdict.Holds(field, field.conditions.size() - 1);
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
        if (metadata.isEmpty() || fields.isEmpty()) {
            return acceptsEmpty;
        }
        Evaluation evaluation = new Evaluation();
        walk.walk(metadata, new Scalar(), evaluation);
        return evaluation.accepts(verdict);
    }

    /** One row's pass: for every slot, whether it was found and which of its field's conditions held there. */
    private final class Evaluation implements MetadataWalk.Sink {
        private final boolean[] found = new boolean[fieldOfSlot.length];
        private final boolean[] results = new boolean[resultCount];

        @Override
        public void begin(int slot) {
            int first = firstResultOfSlot[slot];
            Arrays.fill(results, first, first + fieldOfSlot[slot].conditions.size(), false);
            found[slot] = true;
        }

        @Override
        public void forget(int slot) {
            found[slot] = false;
        }

        @Override
        public void scalar(int slot, Scalar scalar) {
            int result = firstResultOfSlot[slot];
            for (Condition condition : fieldOfSlot[slot].conditions) {
                results[result++] |= condition.accepts(scalar);
            }
        }

        @Override
        public void place(int slot, double lat, double lon) {
            int result = firstResultOfSlot[slot];
            for (Condition condition : fieldOfSlot[slot].conditions) {
                results[result++] |= condition.accepts(lat, lon);
            }
        }

        boolean accepts(Verdict part) {
            return switch (part) {
                case Verdict.All all -> all.parts().stream().allMatch(this::accepts);
                case Verdict.Any any -> any.parts().stream().anyMatch(this::accepts);
                case Verdict.Not not -> !accepts(not.part());
                case Verdict.Found present -> deciding(present.field()) >= 0;
                case Verdict.Holds holds -> {
                    int slot = deciding(holds.field());
                    yield slot >= 0 && results[firstResultOfSlot[slot] + holds.condition()];
                }
            };
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
