package dev.shaula.api.wire;

import dev.shaula.model.VectorDbException;

/** What the reader of an upsert asks about collections, so that a wrong body is refused at its first wrong row. */
@FunctionalInterface
public interface Dimensions {
    /**
     * The dimensions of a collection, 0 if it does not exist yet.
     *
     * @throws VectorDbException (invalid) if no collection can have this name
     */
    int of(String collection);
}
