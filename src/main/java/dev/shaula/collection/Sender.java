package dev.shaula.collection;

/**
 * A connection as the write budget sees it: whatever it writes, over however many streams and to however many
 * collections, it never holds more than its part of the budget. Doors make one for each connection; everything in it
 * belongs to the lock of the budget.
 */
public final class Sender {
    /** Bytes granted and not given back. */
    long used;
}
