package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The body of a change of metadata: {@code {collection, ids|filter, set, delete, replace, expires_at|ttl, ack}}. */
public final class MetadataDocument extends JsonDocument<MetadataRequest> {
    private final Top top;

    public MetadataDocument() {
        this(new Top());
    }

    private MetadataDocument(Top top) {
        super(top);
        this.top = top;
    }

    @Override
    public long heapBytes() {
        return top.ids.bytes
                + 64L * top.filter.count()
                + top.set.heapBytes()
                + top.replace.heapBytes()
                + top.keys.bytes;
    }

    @Override
    MetadataRequest result() {
        if (top.given == top.filtered) {
            throw VectorDbException.invalid(
                    "ids: expected a list of ids or a filter, got " + (top.given ? "both" : "nothing"));
        }
        Filter filter = top.filter.take();
        if (top.filtered && filter == null) {
            throw VectorDbException.invalid("filter: expected at least one condition, got none");
        }
        return new MetadataRequest(top.collection, top.ids.ids, filter, top.change(), top.ack);
    }

    private static final class Top extends ObjectFrame {
        private final IdList ids = new IdList();
        private final FilterFrame filter = new FilterFrame();
        private final MetadataFrame set = new MetadataFrame();
        private final MetadataFrame replace = new MetadataFrame();
        private final KeyList keys = new KeyList();
        private final ExpiryFields expiry = new ExpiryFields();
        private String collection = CollectionConfig.DEFAULT_NAME;
        private Ack ack = Ack.INDEXED;
        private boolean given;
        private boolean filtered;
        private boolean sets;
        private boolean replaces;

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            if (field.equals("expires_at")) {
                expiry.expiresAt(token, in);
                return null;
            }
            if (token == JsonToken.VALUE_NULL) {
                return null; // a null option is an option not given
            }
            switch (field) {
                case "ids" -> {
                    given = true;
                    return in.array(token, ids, "a list of ids");
                }
                case "filter" -> {
                    filtered = true;
                    return in.object(token, filter.restart(), "an object");
                }
                case "set" -> {
                    sets = true;
                    return metadata(set, token, in);
                }
                case "replace" -> {
                    replaces = true;
                    return metadata(replace, token, in);
                }
                case "delete" -> {
                    return in.array(token, keys, "a list of keys");
                }
                case "ttl" -> expiry.ttl(token, in);
                case "collection" -> collection = in.string(token);
                case "ack" -> ack = Acks.of(in.string(token));
                default -> {
                    // What is not understood must not be half done.
                    throw in.refuse("expected collection, ids, filter, set, delete, replace, expires_at, ttl or ack");
                }
            }
            return null;
        }

        private static Frame metadata(MetadataFrame frame, JsonToken token, JsonPush in) throws IOException {
            if (token != JsonToken.START_OBJECT) {
                throw in.expected("an object", token);
            }
            return frame.restart();
        }

        MetadataChange change() {
            if (replaces && (sets || !keys.keys.isEmpty())) {
                throw VectorDbException.invalid("replace: expected neither set nor delete beside it");
            }
            Metadata written = replaces ? replace.take() : sets ? set.take() : Metadata.EMPTY;
            return new MetadataChange(replaces, keys.keys, written, expiry.take());
        }
    }

    private static final class KeyList extends ArrayFrame {
        private final List<String> keys = new ArrayList<>();
        private long bytes;

        @Override
        @Nullable
        Frame element(JsonToken token, JsonPush in) throws IOException {
            if (keys.size() == Limits.MAX_DELETED_KEYS) {
                throw VectorDbException.tooLarge(
                        "delete: expected at most " + Limits.MAX_DELETED_KEYS + " keys, got more");
            }
            String key = in.string(token);
            keys.add(key);
            bytes += 64L + key.length();
            return null;
        }
    }
}
