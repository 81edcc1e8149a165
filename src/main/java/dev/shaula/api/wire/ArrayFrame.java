package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An array that counts its elements. */
abstract class ArrayFrame extends Frame {
    private int index = -1;

    abstract @Nullable Frame element(JsonToken token, JsonPush in) throws IOException;

    /** Position of the current element, from 0. */
    final int index() {
        return index;
    }

    final void restart() {
        index = -1;
    }

    /** One element was taken past {@link #element}. */
    final void advance() {
        index++;
    }

    @Override
    final @Nullable Frame value(JsonToken token, JsonPush in) throws IOException {
        index++;
        return element(token, in);
    }

    @Override
    final void appendPlace(StringBuilder path) {
        path.append('[').append(index).append(']');
    }
}
