package dev.shaula.collection;

import dev.shaula.model.FieldIndex;
import dev.shaula.model.FoundFields;
import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The indexes that a collection is to have, as its manifest says. What is changed is another one.
 *
 * @param indexes in the order in which they were declared
 * @param automatic those of them that the collection declared by itself
 * @param leftOut fields that it is not to index by itself: somebody dropped their index, or their texts are long
 */
record Declarations(List<FieldIndex> indexes, List<FieldIndex> automatic, List<String> leftOut) {
    static final Declarations NONE = of(List.of());

    Declarations {
        indexes = List.copyOf(indexes);
        automatic = List.copyOf(automatic);
        leftOut = List.copyOf(leftOut);
    }

    /** What somebody asks for. Throws INVALID if they are too many. */
    static Declarations of(List<FieldIndex> indexes) {
        if (indexes.size() > Limits.MAX_INDEXES) {
            throw VectorDbException.invalid("indexes: expected at most " + Limits.MAX_INDEXES + " in a collection");
        }
        return new Declarations(indexes.stream().distinct().toList(), List.of(), List.of());
    }

    /** With an index that somebody asks for, who may have what is there already. Throws INVALID if it is one too many. */
    Declarations with(FieldIndex index) {
        List<FieldIndex> all = changed(indexes, list -> {
            if (!list.contains(index)) {
                list.add(index);
            }
        });
        return new Declarations(of(all).indexes, changed(automatic, list -> list.remove(index)), leftOut);
    }

    /** @param leaveOut whether the collection would soon declare it again */
    Declarations without(FieldIndex index, boolean leaveOut) {
        boolean there = indexes.contains(index);
        return new Declarations(
                changed(indexes, list -> list.remove(index)),
                changed(automatic, list -> list.remove(index)),
                there && leaveOut
                        ? changed(leftOut, list -> {
                            if (!list.contains(index.field())) {
                                list.add(index.field());
                            }
                        })
                        : leftOut);
    }

    /** With what was found, as far as there is room and nobody was faster. */
    Declarations with(FoundFields found, int mostAutomatic) {
        Declarations next = this;
        for (FieldIndex index : found.indexable()) {
            if (!next.isFull(mostAutomatic) && !next.knows(index.field())) {
                next = new Declarations(
                        changed(next.indexes, list -> list.add(index)),
                        changed(next.automatic, list -> list.add(index)),
                        next.leftOut);
            }
        }
        for (String field : found.leftOut()) {
            if (!next.isFull(mostAutomatic) && !next.knows(field)) {
                next = new Declarations(next.indexes, next.automatic, changed(next.leftOut, list -> list.add(field)));
            }
        }
        return next;
    }

    private boolean knows(String field) {
        return leftOut.contains(field)
                || indexes.stream().anyMatch(index -> index.field().equals(field));
    }

    /** Whether the collection is to look for fields no more. */
    boolean isFull(int mostAutomatic) {
        return automatic.size() >= mostAutomatic
                || indexes.size() >= Limits.MAX_INDEXES
                || leftOut.size() >= Limits.MAX_LEFT_OUT_FIELDS;
    }

    private static <T> List<T> changed(List<T> list, Consumer<List<T>> change) {
        List<T> copy = new ArrayList<>(list);
        change.accept(copy);
        return copy;
    }
}
