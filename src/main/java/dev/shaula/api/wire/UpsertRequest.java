package dev.shaula.api.wire;

import dev.shaula.model.Ack;
import dev.shaula.model.Point;
import java.util.List;

/**
 * An upsert: every point is complete, of one length, and finite.
 *
 * @param points at least one
 * @param bare whether it came as one record without a {@code vectors} list
 */
public record UpsertRequest(String collection, List<Point> points, Ack ack, boolean bare) {}
