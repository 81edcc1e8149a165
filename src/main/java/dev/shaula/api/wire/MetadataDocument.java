package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Limits;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The body of a change of metadata: {@code {collection, ids|filter, set, delete, replace, expires_at|ttl, ack}}. */
public final class MetadataDocument extends JsonDocument<MetadataRequest> {

    public MetadataDocument() {
        this(new Top());
    }

    private MetadataDocument(Top top) {
        super(top, () -> new MetadataRequest(top.target(), top.change()));
    }

    private static final class Top extends TargetFrame {
        private final MetadataFrame set = new MetadataFrame();
        private final MetadataFrame replace = new MetadataFrame();
        private final KeyList keys = new KeyList();
        private final ExpiryFields expiry = new ExpiryFields();
        private boolean sets;
        private boolean replaces;

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            if (field.equals("expires_at")) {
                expiry.expiresAt(token, in); // for which null is a value
                return null;
            }
            return super.field(field, token, in);
        }

        @Override
        @Nullable
        Frame change(String field, JsonToken token, JsonPush in) throws IOException {
            switch (field) {
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
            return MetadataRequest.change(
                    replaces ? replace.take() : null, sets ? set.take() : null, keys.keys, expiry.take());
        }

        @Override
        long heapBytes() {
            return super.heapBytes() + set.heapBytes() + replace.heapBytes() + keys.bytes;
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
