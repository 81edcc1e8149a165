package dev.shaula.api.wire;

import dev.shaula.model.Ack;
import dev.shaula.model.Filter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What to delete from one collection: ids, in request order, or what a filter accepts.
 *
 * @param filter null if ids are given
 */
public record DeleteRequest(
        String collection, List<String> ids, @Nullable Filter filter, Ack ack) {}
