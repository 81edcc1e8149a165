package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A write to points of one collection that are there: {@code collection}, either {@code ids} or a {@code filter}, and
 * {@code ack}. Clients send integers for ids that they stored as text; both mean the text.
 */
abstract class TargetFrame extends FilteredFrame {
    private final IdList ids = new IdList();
    private String collection = CollectionConfig.DEFAULT_NAME;
    private Ack ack = Ack.INDEXED;
    private boolean listed;
    private boolean filtered;

    @Override
    @Nullable
    Frame other(String field, JsonToken token, JsonPush in) throws IOException {
        switch (field) {
            case "ids" -> {
                listed = true;
                return in.array(token, ids, "a list of ids");
            }
            case "collection" -> collection = in.string(token);
            case "ack" -> ack = Acks.of(in.string(token));
            default -> {
                return change(field, token, in);
            }
        }
        return null;
    }

    /** As {@link #field}, of what is to become of the points. */
    abstract @Nullable Frame change(String field, JsonToken token, JsonPush in) throws IOException;

    @Override
    final void given(String field) {
        filtered = true;
    }

    /** @throws VectorDbException (invalid) unless the points are named in one way */
    final PointsTarget target() {
        return PointsTarget.of(collection, listed ? ids.ids : null, filtered, filter(), ack);
    }

    @Override
    long heapBytes() {
        return super.heapBytes() + ids.bytes;
    }
}
