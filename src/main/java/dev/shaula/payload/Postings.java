package dev.shaula.payload;

import dev.shaula.model.OrdinalMap;

/** Which rows hold which values. Immutable; rows are ordinals of the shard, ascending for each value. */
sealed interface Postings permits TermPostings, KeyPostings {

    /** What this and {@code next} hold, whose rows all come after those of this one. */
    Postings merge(Postings next);

    /** Without dropped rows, nor values that no other row has. */
    Postings moved(OrdinalMap map);

    long heapBytes();

    /** The rows of one value after the other, values in order; what is handed out is good until the visitor returns. */
    void forEachValue(Visitor visitor);

    /** Takes a value and its rows. */
    @FunctionalInterface
    interface Visitor {
        /**
         * Takes one.
         *
         * @param value number of the value: of the term, or of its first key
         * @param rows ascending, the first {@code n}; one may stand there twice
         */
        void visit(int value, int[] rows, int n);
    }
}
