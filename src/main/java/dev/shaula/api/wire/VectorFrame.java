package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Limits;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A list of finite numbers, grown into one float array of its exact length, or the same as base64 text of little-endian
 * float32. Reused from vector to vector.
 */
final class VectorFrame extends ArrayFrame {
    private static final int FIRST_CAPACITY = 64;

    private final NumberList numbers = new NumberList(this::add);
    private float[] elements = {};
    private int hint = FIRST_CAPACITY;
    private @Nullable Runnable whenDone;

    /**
     * Starts a new vector; {@code done} is called once it is complete, at once if it is text.
     *
     * @return what takes the numbers of a list; null for text
     */
    @Nullable
    Frame open(JsonToken token, JsonPush in, Runnable done) throws IOException {
        if (token == JsonToken.VALUE_STRING) {
            elements = Floats.fromBase64(in);
            done.run();
            return null;
        }
        restart();
        elements = new float[hint];
        whenDone = done;
        return in.array(token, this, "a list of numbers");
    }

    /** What may read the numbers in place of the parser. */
    NumberList numbers() {
        return numbers;
    }

    private boolean add(float number) {
        int i = index() + 1;
        if (!Float.isFinite(number) || i >= Limits.MAX_DIMENSIONS) {
            return false;
        }
        if (i == elements.length) {
            elements = Arrays.copyOf(elements, Math.min(2 * elements.length, Limits.MAX_DIMENSIONS));
        }
        elements[i] = number;
        advance();
        return true;
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
