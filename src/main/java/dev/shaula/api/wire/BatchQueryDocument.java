package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The body of a batch query. What the top level says of vectors and metadata holds for queries that say nothing. */
public final class BatchQueryDocument extends JsonDocument<BatchQueryRequest> {
    public BatchQueryDocument(QueryDefaults defaults) {
        this(new Top(defaults));
    }

    private BatchQueryDocument(Top top) {
        super(top, top::request);
    }

    private static final class Top extends QueryFrame {
        private final Queries queries;
        private String collection = CollectionConfig.DEFAULT_NAME;

        Top(QueryDefaults defaults) {
            super(defaults);
            queries = new Queries(defaults);
        }

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            return switch (field) {
                case "queries" -> queries(token, in);
                case "include_vectors", "include_values", "include_metadata", "include_version" ->
                    super.field(field, token, in);
                case "collection" -> {
                    collection = token == JsonToken.VALUE_NULL ? collection : in.string(token);
                    yield null;
                }
                default -> in.skip(token);
            };
        }

        BatchQueryRequest request() {
            if (queries.items.isEmpty()) {
                throw VectorDbException.invalid("queries: expected a list with at least one query, got none");
            }
            return new BatchQueryRequest(
                    collection,
                    queries.items.stream()
                            .map(item -> item.inside(vectorForm(), wantsMetadata(), wantsVersion()))
                            .toList());
        }

        @Override
        long heapBytes() {
            return queries.bytes;
        }

        private Frame queries(JsonToken token, JsonPush in) throws IOException {
            if (!queries.items.isEmpty()) {
                throw in.refuse("given twice");
            }
            return in.array(token, queries, "a list of queries");
        }
    }

    private static final class Queries extends ArrayFrame {
        private final List<BatchQueryRequest.Item> items = new ArrayList<>();
        private final QueryFrame query;
        private long bytes;

        Queries(QueryDefaults defaults) {
            query = new QueryFrame(defaults) {
                @Override
                void end(JsonPush in) {
                    add(item(in.placeOfFrame()), heapBytes());
                }
            };
        }

        private void add(BatchQueryRequest.Item item, long extra) {
            items.add(item);
            bytes += 128L + 4L * item.search().vector().length + extra;
        }

        @Override
        Frame element(JsonToken token, JsonPush in) throws IOException {
            if (items.size() == Limits.MAX_BATCH_QUERIES) {
                throw VectorDbException.tooLarge(
                        "queries: expected at most " + Limits.MAX_BATCH_QUERIES + " queries, got more");
            }
            return in.object(token, query.restart(), "a query");
        }
    }
}
