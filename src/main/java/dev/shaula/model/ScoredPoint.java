package dev.shaula.model;

import org.jspecify.annotations.Nullable;

/**
 * One search result.
 *
 * @param score larger is closer, see {@link Metric#score}; finite
 * @param vector as stored, or null if it was not asked for
 * @param metadata as stored ({@link Metadata#EMPTY} if the point has none), or null if it was not asked for
 */
public record ScoredPoint(
        String id,
        float score,
        float @Nullable [] vector,
        @Nullable Metadata metadata) {}
