package dev.shaula.api.wire;

import dev.shaula.model.Expiry;
import dev.shaula.model.Metadata;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.VectorDbException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whose metadata is to be changed, and how. */
public record MetadataRequest(PointsTarget target, MetadataChange change) {

    /**
     * The change that a request describes.
     *
     * @param replace what all metadata is to become, null to keep it
     * @param set keys to be set, null for none
     * @throws VectorDbException (invalid) if something stands beside {@code replace}
     */
    public static MetadataChange change(
            @Nullable Metadata replace, @Nullable Metadata set, List<String> delete, Expiry expiry) {
        if (replace != null && (set != null || !delete.isEmpty())) {
            throw VectorDbException.invalid("replace: expected neither set nor delete beside it");
        }
        Metadata written = replace != null ? replace : set != null ? set : Metadata.EMPTY;
        return new MetadataChange(replace != null, delete, written, expiry);
    }
}
