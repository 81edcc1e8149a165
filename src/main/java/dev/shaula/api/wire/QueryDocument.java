package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.CollectionConfig;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The body of a query. */
public final class QueryDocument extends JsonDocument<QueryRequest> {
    private final Top top;

    public QueryDocument(QueryDefaults defaults) {
        this(new Top(defaults));
    }

    private QueryDocument(Top top) {
        super(top);
        this.top = top;
    }

    @Override
    public long heapBytes() {
        return top.heapBytes();
    }

    @Override
    QueryRequest result() {
        BatchQueryRequest.Item item = top.item("");
        return new QueryRequest(top.collection, item.search(), item.vectors(), top.explain);
    }

    private static final class Top extends QueryFrame {
        private String collection = CollectionConfig.DEFAULT_NAME;
        private boolean explain;

        Top(QueryDefaults defaults) {
            super(defaults);
        }

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            if (field.equals("collection") && token != JsonToken.VALUE_NULL) {
                collection = in.string(token);
                return null;
            }
            if (field.equals("explain") && token != JsonToken.VALUE_NULL) {
                explain = in.bool(token);
                return null;
            }
            return super.field(field, token, in);
        }
    }
}
