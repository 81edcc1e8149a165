package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import java.io.IOException;

/** The id of a point as callers write it: text, or an integer, which stands for its decimal digits. */
public final class Ids {
    private Ids() {}

    static String read(JsonToken token, JsonPush in) throws IOException {
        if (token != JsonToken.VALUE_STRING && token != JsonToken.VALUE_NUMBER_INT) {
            throw in.expected("a string or an integer", token);
        }
        String id = in.rawText();
        String problem = problem(id);
        if (!problem.isEmpty()) {
            throw in.refuse(problem);
        }
        return id;
    }

    /** The id itself, if it can be one. @throws VectorDbException (invalid) if it is too long or not whole characters */
    public static String check(String id) {
        return check(id, "id");
    }

    /** As {@link #check(String)}; a refusal names {@code place}. */
    public static String check(String id, String place) {
        String problem = problem(id);
        if (!problem.isEmpty()) {
            throw VectorDbException.invalid(place + ": " + problem);
        }
        return id;
    }

    private static String problem(String id) {
        int bytes = Text.utf8Length(id);
        if (bytes < 0) {
            return "expected text of whole characters, got half a surrogate pair";
        }
        boolean fits = bytes >= 1 && bytes <= Limits.MAX_ID_BYTES;
        return fits ? "" : "expected 1 to " + Limits.MAX_ID_BYTES + " bytes of UTF-8, got " + bytes;
    }
}
