package dev.shaula.api.wire;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.FieldIndex;
import java.util.List;

/** A collection to be made, and the indexes that it begins with. */
public record CreateRequest(CollectionConfig config, List<FieldIndex> indexes) {
    public CreateRequest {
        indexes = List.copyOf(indexes);
    }
}
