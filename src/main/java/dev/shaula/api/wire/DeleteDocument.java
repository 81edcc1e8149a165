package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The body of a delete. Clients send integers for ids that they stored as text; both mean the text. */
public final class DeleteDocument extends JsonDocument<DeleteRequest> {
    private final Top top;

    public DeleteDocument() {
        this(new Top());
    }

    private DeleteDocument(Top top) {
        super(top);
        this.top = top;
    }

    @Override
    public long heapBytes() {
        return top.ids.bytes + 64L * top.filter.count();
    }

    @Override
    DeleteRequest result() {
        if (top.given == top.filtered) {
            throw VectorDbException.invalid(
                    "ids: expected a list of ids or a filter, got " + (top.given ? "both" : "nothing"));
        }
        Filter filter = top.filter.take();
        if (top.filtered && filter == null) {
            throw VectorDbException.invalid("filter: expected at least one condition, got none");
        }
        return new DeleteRequest(top.collection, top.ids.ids, filter, top.ack);
    }

    private static final class Top extends ObjectFrame {
        private final IdList ids = new IdList();
        private String collection = CollectionConfig.DEFAULT_NAME;
        private Ack ack = Ack.INDEXED;
        private boolean given;
        private final FilterFrame filter = new FilterFrame();
        private boolean filtered;

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            boolean absent = token == JsonToken.VALUE_NULL;
            switch (field) {
                case "ids" -> {
                    given = true;
                    return in.array(token, ids, "a list of ids");
                }
                case "filter" -> {
                    filtered = true;
                    return in.object(token, filter.restart(), "an object");
                }
                case "collection" -> collection = absent ? collection : in.string(token);
                case "ack" -> ack = absent ? ack : Acks.of(in.string(token));
                default -> {
                    return in.skip(token);
                }
            }
            return null;
        }
    }
}
