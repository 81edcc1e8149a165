package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.FieldIndex;
import dev.shaula.model.FieldIndex.Kind;
import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A list of indexes, each an object with {@code field} and {@code type}. */
final class IndexListFrame extends ArrayFrame {
    private final List<FieldIndex> indexes = new ArrayList<>();

    @Override
    Frame element(JsonToken token, JsonPush in) throws IOException {
        if (indexes.size() == Limits.MAX_INDEXES) {
            throw VectorDbException.invalid("indexes: expected at most " + Limits.MAX_INDEXES + " in a collection");
        }
        return in.object(token, new One(), "an object with field and type");
    }

    List<FieldIndex> indexes() {
        return indexes;
    }

    private final class One extends ObjectFrame {
        private @Nullable String name;
        private @Nullable Kind kind;

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            switch (field) {
                case "field" -> name = in.string(token);
                case "type" -> kind = Kind.fromWireName(in.string(token));
                default -> {
                    return in.skip(token);
                }
            }
            return null;
        }

        @Override
        void end(JsonPush in) {
            if (name == null || kind == null) {
                String missing = name == null ? "field" : "type";
                throw VectorDbException.invalid(in.placeOfFrame() + "." + missing + ": expected a string, got nothing");
            }
            indexes.add(new FieldIndex(name, kind));
        }
    }
}
