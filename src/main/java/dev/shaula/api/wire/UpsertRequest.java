package dev.shaula.api.wire;

import dev.shaula.model.Ack;
import dev.shaula.model.Point;
import dev.shaula.model.Precondition;
import java.util.List;

/**
 * An upsert: every point is complete, of one length, and finite.
 *
 * @param points at least one
 * @param conditions one for each point; empty if there are none
 * @param bare whether it came as one record without a {@code vectors} list
 */
public record UpsertRequest(
        String collection, List<Point> points, List<Precondition> conditions, Ack ack, boolean bare) {}
