package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Filter;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** An object with a {@code filter} beside what else it says; a field that is null is a field not given. */
abstract class FilteredFrame extends ObjectFrame {
    private final FilterFrame filter = new FilterFrame();

    @Override
    @Nullable
    Frame field(String field, JsonToken token, JsonPush in) throws IOException {
        if (token == JsonToken.VALUE_NULL) {
            return null;
        }
        if (!field.equals("filter")) {
            return other(field, token, in);
        }
        given(field);
        return in.object(token, filter.restart(), "an object");
    }

    /** As {@link #field}, of any other that is not null. */
    abstract @Nullable Frame other(String field, JsonToken token, JsonPush in) throws IOException;

    /** The filter is there, whatever stands in it. */
    void given(String field) {}

    /** Null if there is none, or none with a condition. */
    final @Nullable Filter filter() {
        return filter.take();
    }

    @Override
    long heapBytes() {
        return 64L * filter.count();
    }
}
