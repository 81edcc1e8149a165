package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.VectorDbException;
import java.io.IOException;

/**
 * A body that is one JSON object. Nothing of the text is kept; what is kept is the result as far as it is known.
 *
 * @param <T> what the body means
 */
public abstract class JsonDocument<T> implements Document<T> {
    private final JsonPush push;
    private boolean begun;

    JsonDocument(ObjectFrame root) {
        push = new JsonPush(new Root(root));
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
        return result();
    }

    @Override
    public final void close() {
        push.close();
    }

    abstract T result();

    private final class Root extends Frame {
        private final ObjectFrame object;

        Root(ObjectFrame object) {
            this.object = object;
        }

        @Override
        Frame value(JsonToken token, JsonPush in) throws IOException {
            if (begun) {
                throw VectorDbException.invalid("body: expected one JSON object, got more after its end");
            }
            begun = true;
            return in.object(token, object, "a JSON object");
        }

        @Override
        void appendPlace(StringBuilder path) {}
    }
}
