package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.FacetRequest;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The body of a request for facets. */
public final class FacetDocument extends JsonDocument<FacetRequest> {
    private final Top top;

    public FacetDocument() {
        this(new Top());
    }

    private FacetDocument(Top top) {
        super(top);
        this.top = top;
    }

    @Override
    public long heapBytes() {
        return 64L * top.filter.count();
    }

    @Override
    FacetRequest result() {
        if (top.counted == null) {
            throw VectorDbException.invalid("field: expected a string, got nothing");
        }
        return new FacetRequest(top.counted, top.filter.take(), top.limit);
    }

    private static final class Top extends ObjectFrame {
        private final FilterFrame filter = new FilterFrame();
        private @Nullable String counted;
        private int limit = FacetRequest.DEFAULT_LIMIT;

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            if (token == JsonToken.VALUE_NULL) {
                return null; // a null option is an option not given
            }
            switch (field) {
                case "field" -> counted = in.string(token);
                case "limit" -> limit = in.integer(token);
                case "filter" -> {
                    return in.object(token, filter.restart(), "an object");
                }
                default -> {
                    return in.skip(token);
                }
            }
            return null;
        }
    }
}
