package dev.shaula.api.wire;

import dev.shaula.model.SearchRequest;

/**
 * One query of one collection.
 *
 * @param vectors how the answer is to write vectors
 * @param explain whether the answer is to say how it was found
 */
public record QueryRequest(String collection, SearchRequest search, VectorForm vectors, boolean explain) {}
