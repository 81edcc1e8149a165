package dev.shaula.model;

import java.util.List;

/**
 * One group of a {@link GroupRequest}'s answer.
 *
 * @param value that its points share; never null
 * @param points the nearest of them, closest first, at least one
 */
public record SearchGroup(Filter.Value value, List<ScoredPoint> points) {
    public SearchGroup {
        points = List.copyOf(points);
    }

    /** Of the nearest of its points. */
    public float score() {
        return points.getFirst().score();
    }
}
