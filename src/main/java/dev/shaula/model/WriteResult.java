package dev.shaula.model;

import java.util.List;

/**
 * The answer to an accepted write: everything it reports is as durable and as visible as the {@link Ack} asked for.
 *
 * @param count points written or deleted
 * @param missing ids of a delete that were not there, in request order; empty for an upsert
 */
public record WriteResult(int count, List<String> missing) {}
