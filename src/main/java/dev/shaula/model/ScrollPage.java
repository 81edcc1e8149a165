package dev.shaula.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some points of a reading.
 *
 * @param points at most as many as were asked for; fewer where they would be too large together, and at the end
 * @param total points of the whole reading
 * @param cursor for the next page, null after the last; asking again with the same cursor gives the same page
 */
public record ScrollPage(
        List<StoredPoint> points, long total, @Nullable String cursor) {}
