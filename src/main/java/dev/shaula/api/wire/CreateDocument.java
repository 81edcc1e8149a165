package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Limits;
import dev.shaula.model.Metric;
import dev.shaula.model.Quantization;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The body that creates a collection. */
public final class CreateDocument extends JsonDocument<CreateRequest> {
    public CreateDocument() {
        this(new Top());
    }

    private CreateDocument(Top top) {
        super(top, () -> new CreateRequest(top.config(), top.indexes.indexes()));
    }

    private static final class Top extends ObjectFrame {
        private @Nullable String collection;
        private int dimensions = CollectionConfig.DEFAULT_DIMENSIONS;
        private Metric metric = Metric.COSINE;
        private int shards = CollectionConfig.DEFAULT_SHARDS;
        private int m = CollectionConfig.DEFAULT_M;
        private int efConstruction = CollectionConfig.DEFAULT_EF_CONSTRUCTION;
        private boolean hnsw = true;
        private Quantization quantization = Quantization.AUTO;
        private long ttlSeconds;
        private boolean autoIndex;
        private int autoIndexFields = CollectionConfig.DEFAULT_AUTO_INDEX_FIELDS;
        private final IndexListFrame indexes = new IndexListFrame();

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            if (token == JsonToken.VALUE_NULL && !field.equals("name") && !field.equals("dimensions")) {
                return null; // a null option is an option not given
            }
            switch (field) {
                case "name" -> collection = in.string(token);
                case "dimensions" -> dimensions = in.integer(token);
                case "metric" -> metric = Metric.fromWireName(in.string(token));
                case "shards" -> shards = in.integer(token);
                case "m" -> m = in.integer(token);
                case "ef_construction" -> efConstruction = in.integer(token);
                case "enable_hnsw" -> hnsw = in.bool(token);
                case "indexes" -> {
                    if (!indexes.indexes().isEmpty()) {
                        throw in.refuse("given twice");
                    }
                    return in.array(token, indexes, "a list of indexes");
                }
                case "auto_index" -> autoIndex = in.bool(token);
                case "auto_index_max_fields" -> {
                    autoIndexFields = in.integer(token);
                    if (autoIndexFields < 1 || autoIndexFields > Limits.MAX_INDEXES) {
                        throw in.refuse("expected 1 to " + Limits.MAX_INDEXES + ", got " + autoIndexFields);
                    }
                }
                case "quantization" -> quantization = Quantization.parse(field, in.string(token));
                case "ttl_seconds" -> {
                    double seconds = in.number(token);
                    if (seconds != Math.rint(seconds)) {
                        throw in.expected("a whole number of seconds", token);
                    }
                    ttlSeconds = (long) seconds;
                    CollectionConfig.checkTtl(field, ttlSeconds);
                }
                default -> {
                    return in.skip(token);
                }
            }
            return null;
        }

        CollectionConfig config() {
            if (collection == null) {
                throw VectorDbException.invalid("name: expected a string, got nothing");
            }
            return new CollectionConfig(
                    collection,
                    dimensions,
                    metric,
                    shards,
                    m,
                    efConstruction,
                    hnsw,
                    quantization,
                    ttlSeconds,
                    autoIndex ? autoIndexFields : 0);
        }
    }
}
