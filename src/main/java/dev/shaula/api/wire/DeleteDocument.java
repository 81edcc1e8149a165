package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The body of a delete. */
public final class DeleteDocument extends JsonDocument<PointsTarget> {

    public DeleteDocument() {
        this(new Top());
    }

    private DeleteDocument(Top top) {
        super(top, top::target);
    }

    private static final class Top extends TargetFrame {
        @Override
        @Nullable
        Frame change(String field, JsonToken token, JsonPush in) throws IOException {
            return in.skip(token);
        }
    }
}
