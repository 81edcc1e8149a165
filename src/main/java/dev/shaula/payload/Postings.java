package dev.shaula.payload;

/** Which rows hold which values. Immutable; rows are ordinals of the shard, ascending for each value. */
sealed interface Postings permits TermPostings, KeyPostings {

    /** What this and {@code next} hold, whose rows all come after those of this one. */
    Postings merge(Postings next);

    long heapBytes();
}
