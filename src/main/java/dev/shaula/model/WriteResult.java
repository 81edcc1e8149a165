package dev.shaula.model;

import java.util.List;

/**
 * The answer to an accepted write: everything it reports is as durable and as visible as the {@link Ack} asked for.
 *
 * @param count points written or deleted
 * @param missing ids of a delete or a change of metadata that were not there, in request order; empty for an upsert
 * @param applied of a conditional upsert, the points that were written with the versions they have now, in no order
 * @param refused of a conditional upsert, the points that were not, with the versions they had, in no order
 */
public record WriteResult(int count, List<String> missing, List<PointVersion> applied, List<PointVersion> refused) {

    /** The answer to a write without conditions. */
    public WriteResult(int count, List<String> missing) {
        this(count, missing, List.of(), List.of());
    }
}
