package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.function.Supplier;

/**
 * A body that is one JSON object. Nothing of the text is kept; what is kept is the result as far as it is known.
 *
 * @param <T> what the body means
 */
public abstract class JsonDocument<T> implements Document<T> {
    private final ObjectFrame root;
    private final Supplier<T> result;
    private final JsonPush push;
    private boolean begun;

    /** @param result what {@code root} has read; throws INVALID if something is missing */
    JsonDocument(ObjectFrame root, Supplier<T> result) {
        this.root = root;
        this.result = result;
        push = new JsonPush(new Root());
    }

    @Override
    public final void feed(byte[] bytes, int start, int end) {
        push.feed(bytes, start, end);
    }

    @Override
    public final T finish() {
        push.finish();
        if (!begun) {
            throw VectorDbException.invalid("body: expected a JSON object, got nothing");
        }
        return result.get();
    }

    @Override
    public final void close() {
        push.close();
    }

    @Override
    public final long heapBytes() {
        return root.heapBytes();
    }

    private final class Root extends Frame {
        @Override
        Frame value(JsonToken token, JsonPush in) throws IOException {
            if (begun) {
                throw VectorDbException.invalid("body: expected one JSON object, got more after its end");
            }
            begun = true;
            return in.object(token, root, "a JSON object");
        }

        @Override
        void appendPlace(StringBuilder path) {}
    }
}
