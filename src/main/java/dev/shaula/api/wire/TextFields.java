package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request to administrators' operations: text in fields that are all known. Unlike elsewhere an unknown
 * field is refused, for a misspelled name must not turn a restore of one collection into one of everything. Fields that
 * are null or missing are not in the result.
 */
public final class TextFields extends JsonDocument<Map<String, String>> {
    /** A document of these fields and no others. */
    public TextFields(String... known) {
        this(new Top(Set.of(known)));
    }

    private TextFields(Top top) {
        super(top, () -> top.values);
    }

    /** The value of {@code field}; INVALID if it is not there. */
    public static String require(Map<String, String> fields, String field) {
        String value = fields.get(field);
        if (value == null) {
            throw VectorDbException.invalid(field + ": expected a string, got nothing");
        }
        return value;
    }

    private static final class Top extends ObjectFrame {
        private final Set<String> known;
        private final Map<String, String> values = new HashMap<>();

        Top(Set<String> known) {
            this.known = known;
        }

        @Override
        @Nullable
        Frame field(String field, JsonToken token, JsonPush in) throws IOException {
            if (!known.contains(field)) {
                throw VectorDbException.invalid("body: expected no other fields than "
                        + String.join(", ", known.stream().sorted().toList()) + ", got \"" + Text.shortened(field)
                        + "\"");
            }
            if (token != JsonToken.VALUE_NULL) {
                values.put(field, in.string(token));
            }
            return null;
        }
    }
}
