package dev.shaula.model;

import java.util.List;

/**
 * Fields that metadata has and a collection has not seen before.
 *
 * @param indexable with the kind of their first value, in the order in which they were found
 * @param leftOut whose first value is a text too long to be worth an index
 */
public record FoundFields(List<FieldIndex> indexable, List<String> leftOut) {
    public FoundFields {
        indexable = List.copyOf(indexable);
        leftOut = List.copyOf(leftOut);
    }

    public boolean isEmpty() {
        return indexable.isEmpty() && leftOut.isEmpty();
    }
}
