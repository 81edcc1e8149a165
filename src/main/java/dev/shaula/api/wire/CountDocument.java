package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The body of a count: a filter, or nothing. */
public final class CountDocument extends JsonDocument<CountRequest> {
    private final Top top;

    public CountDocument() {
        this(new Top());
    }

    private CountDocument(Top top) {
        super(top);
        this.top = top;
    }

    @Override
    public long heapBytes() {
        return 64L * top.filter.count();
    }

    @Override
    CountRequest result() {
        return new CountRequest(top.filter.take());
    }

    private static final class Top extends ObjectFrame {
        private final FilterFrame filter = new FilterFrame();

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            return field.equals("filter") && token != JsonToken.VALUE_NULL
                    ? in.object(token, filter.restart(), "an object")
                    : in.skip(token);
        }
    }
}
