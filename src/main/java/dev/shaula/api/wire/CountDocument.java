package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The body of a count: a filter, or nothing. */
public final class CountDocument extends JsonDocument<CountRequest> {

    public CountDocument() {
        this(new Top());
    }

    private CountDocument(Top top) {
        super(top, () -> new CountRequest(top.filter()));
    }

    private static final class Top extends FilteredFrame {
        @Override
        @Nullable
        Frame other(String field, JsonToken token, JsonPush in) throws IOException {
            return in.skip(token);
        }
    }
}
