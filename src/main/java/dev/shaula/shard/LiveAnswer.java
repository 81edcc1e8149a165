package dev.shaula.shard;

import dev.shaula.model.ScoredPoint;
import java.util.List;

/**
 * The answer of a shard to a live query.
 *
 * @param sequence the last log record that it holds
 * @param version counts the answers of different content: of equal versions the points are the same
 * @param points closest first, of equal ones the newest first
 */
public record LiveAnswer(long sequence, long version, List<ScoredPoint> points) {}
