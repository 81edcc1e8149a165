package dev.shaula.model;

/** One step from an answer of a {@link LiveQuery} to the next; how steps are applied says {@link LiveChange}. */
public sealed interface LiveEvent {

    /** A point that was not in the answer is at {@code rank} now, counted from 0. */
    record Enter(int rank, ScoredPoint point) implements LiveEvent {}

    /**
     * A point of the answer has another score or content, or another place among the points that stay as they are; it
     * is at {@code rank} now. A point that is only pushed along by others does not move.
     */
    record Move(int rank, ScoredPoint point) implements LiveEvent {}

    /** The point is not in the answer any more. */
    record Leave(String id) implements LiveEvent {}
}
