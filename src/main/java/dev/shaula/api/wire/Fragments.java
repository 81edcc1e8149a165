package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Metadata and filters that a door got as JSON of their own: read by the same frames as inside a body, so that they mean
 * the same and have the same limits through every door. Thread-safe.
 */
public final class Fragments {
    private Fragments() {}

    /** The metadata object in {@code json}. @throws VectorDbException (invalid) naming the place below {@code metadata} */
    public static Metadata metadata(byte[] json) {
        return metadata(json, "metadata");
    }

    /** As {@link #metadata(byte[])}, of a field of another name. */
    public static Metadata metadata(byte[] json, String field) {
        MetadataFrame frame = new MetadataFrame();
        read(json, new Root(field, frame::restart));
        return frame.take();
    }

    /** The filter in {@code json}, null if it is {@code {}}. @throws VectorDbException (invalid) naming the place below {@code filter} */
    public static @Nullable Filter filter(byte[] json) {
        FilterFrame frame = new FilterFrame();
        read(json, new Root("filter", frame::restart));
        return frame.take();
    }

    private static void read(byte[] json, Root root) {
        JsonPush push = new JsonPush(root);
        try {
            push.feed(json, 0, json.length);
        } catch (VectorDbException e) {
            push.close();
            throw VectorDbException.invalid(String.valueOf(e.getMessage()).replaceFirst("^body", root.field));
        }
        push.finish();
        if (!root.begun) {
            throw VectorDbException.invalid(root.field + ": expected an object, got nothing");
        }
    }

    private interface Opening {
        Frame frame() throws IOException;
    }

    private static final class Root extends Frame {
        private final String field;
        private final Opening inside;
        private boolean begun;

        Root(String field, Opening inside) {
            this.field = field;
            this.inside = inside;
        }

        @Override
        Frame value(JsonToken token, JsonPush in) throws IOException {
            if (begun) {
                throw VectorDbException.invalid(field + ": expected one object, got more after its end");
            }
            begun = true;
            return in.object(token, inside.frame(), "an object");
        }

        @Override
        void appendPlace(StringBuilder path) {
            path.append(field);
        }
    }
}
