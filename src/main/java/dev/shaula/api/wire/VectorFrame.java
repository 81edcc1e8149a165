package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Limits;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A list of finite numbers, grown into one float array of its exact length. Reused from vector to vector. */
final class VectorFrame extends ArrayFrame {
    private static final int FIRST_CAPACITY = 64;

    private float[] elements = {};
    private int hint = FIRST_CAPACITY;
    private @Nullable Runnable whenDone;

    /** Starts a new vector; the frame calls back once it is complete. */
    VectorFrame restart(Runnable done) {
        restart();
        elements = new float[hint];
        whenDone = done;
        return this;
    }

    @Override
    @Nullable
    Frame element(JsonToken token, JsonPush in) throws IOException {
        float value = in.float32(token);
        int i = index();
        if (i == elements.length) {
            grow(in);
        }
        elements[i] = value;
        return null;
    }

    private void grow(JsonPush in) {
        if (elements.length >= Limits.MAX_DIMENSIONS) {
            throw in.refuse("expected at most " + Limits.MAX_DIMENSIONS + " numbers, got more");
        }
        elements = Arrays.copyOf(elements, Math.min(2 * elements.length, Limits.MAX_DIMENSIONS));
    }

    @Override
    void end(JsonPush in) {
        int length = index() + 1;
        if (length != elements.length) {
            elements = Arrays.copyOf(elements, length);
        }
        // Rows of one request are of one length: from the second on the first array fits and nothing is copied.
        hint = Math.max(1, length);
        if (whenDone != null) {
            whenDone.run();
        }
    }

    /** The finished vector; the caller owns it. */
    float[] take() {
        float[] taken = elements;
        elements = new float[0];
        return taken;
    }

    /** Bytes of the vector being read. */
    long heapBytes() {
        return 4L * elements.length;
    }
}
