package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An object whose fields are known by name; fields that nobody knows are skipped. */
abstract class ObjectFrame extends Frame {
    private String name = "";

    /** Takes the value of one field; unknown names go to {@link JsonPush#skip}. */
    abstract @Nullable Frame field(String field, JsonToken token, JsonPush in) throws IOException;

    /** Heap that what was read holds, in bytes, near enough for a budget. */
    long heapBytes() {
        return 0;
    }

    @Override
    final void name(String newName, JsonPush in) {
        name = newName;
    }

    @Override
    final @Nullable Frame value(JsonToken token, JsonPush in) throws IOException {
        return field(name, token, in);
    }

    @Override
    final void appendPlace(StringBuilder path) {
        path.append(path.isEmpty() ? "" : ".").append(Text.shortened(name));
    }
}
