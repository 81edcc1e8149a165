package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.FacetRequest;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The body of a request for facets. */
public final class FacetDocument extends JsonDocument<FacetRequest> {

    public FacetDocument() {
        this(new Top());
    }

    private FacetDocument(Top top) {
        super(top, top::request);
    }

    private static final class Top extends FilteredFrame {
        private @Nullable String counted;
        private int limit = FacetRequest.DEFAULT_LIMIT;

        @Override
        @Nullable
        Frame other(String field, JsonToken token, JsonPush in) throws IOException {
            switch (field) {
                case "field" -> counted = in.string(token);
                case "limit" -> limit = in.integer(token);
                default -> {
                    return in.skip(token);
                }
            }
            return null;
        }

        FacetRequest request() {
            if (counted == null) {
                throw VectorDbException.invalid("field: expected a string, got nothing");
            }
            return new FacetRequest(counted, filter(), limit);
        }
    }
}
