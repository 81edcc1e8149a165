package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.GroupRequest;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The body of a query. */
public final class QueryDocument extends JsonDocument<QueryRequest> {
    public QueryDocument(QueryDefaults defaults) {
        this(new Top(defaults));
    }

    private QueryDocument(Top top) {
        super(top, top::request);
    }

    private static final class Top extends QueryFrame {
        private String collection = CollectionConfig.DEFAULT_NAME;
        private boolean explain;
        private @Nullable String groupBy;
        private int groups = GroupRequest.DEFAULT_GROUPS;
        private int groupSize = GroupRequest.DEFAULT_SIZE;
        /** A field that makes sense with groups only. */
        private @Nullable String ofGroups;

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
            if (field.startsWith("group_") && token != JsonToken.VALUE_NULL) {
                return group(field, token, in);
            }
            return super.field(field, token, in);
        }

        private @Nullable Frame group(String field, JsonToken token, JsonPush in) throws IOException {
            switch (field) {
                case "group_by" -> groupBy = in.string(token);
                case "group_limit" -> {
                    groups = in.integer(token);
                    ofGroups = field;
                }
                case "group_size" -> {
                    groupSize = in.integer(token);
                    ofGroups = field;
                }
                default -> {
                    return in.skip(token);
                }
            }
            return null;
        }

        QueryRequest request() {
            BatchQueryRequest.Item item = item("");
            SearchRequest search = item.search();
            if (groupBy == null) {
                if (ofGroups != null) {
                    throw VectorDbException.invalid(ofGroups + ": expected only with group_by");
                }
                return new QueryRequest(collection, search, item.vectors(), explain, null);
            }
            if (explain) {
                throw VectorDbException.invalid("explain: expected nothing beside group_by");
            }
            return new QueryRequest(
                    collection, search, item.vectors(), false, new GroupRequest(search, groupBy, groups, groupSize));
        }
    }
}
