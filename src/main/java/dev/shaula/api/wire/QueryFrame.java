package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Filter;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The fields of one query, alone or in a batch; reused from query to query. */
class QueryFrame extends ObjectFrame {
    private final QueryDefaults defaults;
    private final VectorFrame numbers = new VectorFrame();
    private final FilterFrame filterFrame = new FilterFrame();
    private float @Nullable [] vector;
    private float @Nullable [] values;
    private int topK;
    private int efSearch;
    private int ef;
    private boolean ann;
    private @Nullable Double threshold;
    private boolean hasFilter;
    private @Nullable VectorForm includeVectors;
    private @Nullable VectorForm includeValues;
    private @Nullable Boolean includeMetadata;
    private boolean includeVersion;
    private @Nullable String queryId;

    QueryFrame(QueryDefaults defaults) {
        this.defaults = defaults;
        restart();
    }

    final QueryFrame restart() {
        vector = null;
        values = null;
        topK = SearchRequest.DEFAULT_K;
        efSearch = 0;
        ef = 0;
        ann = true;
        threshold = null;
        hasFilter = false;
        includeVectors = null;
        includeValues = null;
        includeMetadata = null;
        includeVersion = false;
        queryId = null;
        return this;
    }

    @Override
    @Nullable
    Frame field(String field, JsonToken token, JsonPush in) throws IOException {
        if (token == JsonToken.VALUE_NULL && !field.equals("vector") && !field.equals("values")) {
            return null; // a null option is an option not given
        }
        switch (field) {
            case "vector" -> {
                return numbers.open(token, in, () -> vector = numbers.take());
            }
            case "values" -> {
                return numbers.open(token, in, () -> values = numbers.take());
            }
            case "filter" -> {
                hasFilter = true;
                return in.object(token, filterFrame.restart(), "an object");
            }
            case "top_k" -> topK = in.integer(token);
            case "ef_search" -> efSearch = in.integer(token);
            case "ef" -> ef = in.integer(token);
            case "use_ann" -> ann = in.bool(token);
            case "threshold" -> threshold = in.number(token);
            case "include_vectors" -> includeVectors = vectorForm(token, in);
            case "include_values" -> includeValues = vectorForm(token, in);
            case "include_metadata" -> includeMetadata = in.bool(token);
            case "include_version" -> includeVersion = in.bool(token);
            case "group_by", "group_limit", "group_size" ->
                throw VectorDbException.invalid(field + ": expected only in a query of its own");
            case "query_id" -> queryId = Ids.read(token, in);
            default -> {
                return in.skip(token);
            }
        }
        return null;
    }

    /** The query as read; {@code place} is that of this object in the document, empty at its top. */
    final BatchQueryRequest.Item item(String place) {
        String at = place.isEmpty() ? "" : place + ".";
        float[] given = vector != null ? vector : values;
        if (given == null) {
            throw VectorDbException.invalid(at + "vector: expected a list of numbers, got nothing");
        }
        try {
            VectorForm form = vectorForm();
            SearchRequest search = wish().toSearch(given, filter(), form != VectorForm.NONE, wantsMetadata(), defaults)
                    .withVersion(includeVersion);
            return new BatchQueryRequest.Item(queryId, search, form, vectorFormGiven(), includeMetadata != null);
        } catch (VectorDbException e) {
            throw VectorDbException.invalid(at + e.getMessage());
        }
    }

    private SearchWish wish() {
        return new SearchWish(topK, efSearch, ef, !ann, threshold);
    }

    private @Nullable Filter filter() {
        return hasFilter ? filterFrame.take() : null;
    }

    private static VectorForm vectorForm(JsonToken token, JsonPush in) throws IOException {
        if (token == JsonToken.VALUE_STRING && in.string(token).equals("base64")) {
            return VectorForm.BASE64;
        }
        if (!token.isBoolean()) {
            throw in.expected("true, false or \"base64\"", token);
        }
        return VectorForm.of(in.bool(token));
    }

    private boolean vectorFormGiven() {
        return includeValues != null || includeVectors != null;
    }

    /** {@code include_values} wins over {@code include_vectors} in the same object. */
    final VectorForm vectorForm() {
        if (includeValues != null) {
            return includeValues;
        }
        return includeVectors != null ? includeVectors : VectorForm.NONE;
    }

    final boolean wantsMetadata() {
        return includeMetadata == null || includeMetadata;
    }

    final boolean wantsVersion() {
        return includeVersion;
    }

    @Override
    long heapBytes() {
        return numbers.heapBytes() + 64L * filterFrame.count();
    }
}
