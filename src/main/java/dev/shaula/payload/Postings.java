package dev.shaula.payload;

import dev.shaula.memory.LittleEndianInput;
import dev.shaula.memory.LittleEndianOutput;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.OrdinalMap;
import java.io.IOException;

/** Which rows hold which values. Immutable; rows are ordinals of the shard, ascending for each value. */
sealed interface Postings permits TermPostings, KeyPostings {

    /** What this and {@code next} hold, whose rows all come after those of this one. */
    Postings merge(Postings next);

    /** Without dropped rows, nor values that no other row has. */
    Postings moved(OrdinalMap map);

    long heapBytes();

    void writeTo(LittleEndianOutput out) throws IOException;

    /** As {@link #writeTo} left postings of an index of this kind. */
    static Postings readFrom(LittleEndianInput in, FieldIndex.Kind kind) throws IOException {
        return switch (kind) {
            case KEYWORD, TEXT -> TermPostings.readFrom(in);
            case INTEGER, FLOAT, BOOLEAN, DATETIME, GEO -> KeyPostings.readFrom(in);
        };
    }

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
