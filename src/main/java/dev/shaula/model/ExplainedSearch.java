package dev.shaula.model;

import java.util.List;

/**
 * The answer to a search, and how it was found.
 *
 * @param points as the search alone would give them
 * @param shards one explanation for each shard, in their order
 */
public record ExplainedSearch(List<ScoredPoint> points, List<SearchExplanation> shards) {}
