package dev.shaula.api.wire;

import dev.shaula.model.SearchRequest;

/** One query of one collection. */
public record QueryRequest(String collection, SearchRequest search) {}
