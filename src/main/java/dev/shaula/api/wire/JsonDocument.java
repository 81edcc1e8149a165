package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.VectorDbException;
import java.io.IOException;

/**
 * A request body that is read as it arrives: any number of {@link #feed} calls, then {@link #finish}. Nothing of the
 * text is kept; what is kept is the result as far as it is known. Not thread-safe; {@link #close} unless finished.
 *
 * @param <T> what the body means
 */
public abstract class JsonDocument<T> {
    private final JsonPush push;
    private boolean begun;

    JsonDocument(ObjectFrame root) {
        push = new JsonPush(new Root(root));
    }

    /**
     * Takes the bytes {@code [start, end)}; the array is free again on return.
     *
     * @throws VectorDbException (invalid) naming the place in the document, what was expected and what came
     */
    public final void feed(byte[] bytes, int start, int end) {
        push.feed(bytes, start, end);
    }

    /** No byte follows. @throws VectorDbException (invalid) as {@link #feed}, and if something is missing */
    public final T finish() {
        push.finish();
        if (!begun) {
            throw VectorDbException.invalid("body: expected a JSON object, got nothing");
        }
        return result();
    }

    /** Gives back buffers of a document that will not be finished; harmless otherwise. */
    public final void close() {
        push.close();
    }

    /** Heap that the part read so far holds, in bytes, near enough for a budget. */
    public abstract long heapBytes();

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
