package dev.shaula.api.wire;

import dev.shaula.model.Ack;
import dev.shaula.model.Filter;
import dev.shaula.model.MetadataChange;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whose metadata is to be changed, and how.
 *
 * @param ids in request order, empty if a filter is given
 * @param filter null if ids are given
 */
public record MetadataRequest(
        String collection, List<String> ids, @Nullable Filter filter, MetadataChange change, Ack ack) {}
