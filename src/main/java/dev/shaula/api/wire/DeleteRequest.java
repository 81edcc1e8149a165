package dev.shaula.api.wire;

import dev.shaula.model.Ack;
import java.util.List;

/** Ids to delete from one collection, in request order. */
public record DeleteRequest(String collection, List<String> ids, Ack ack) {}
