package dev.shaula.payload;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The scalar under a parser, read once however many conditions look at it. Belongs to one evaluation. */
final class Scalar {
    enum Kind {
        TEXT,
        NUMBER,
        BOOL,
        NULL
    }

    private Kind kind = Kind.NULL;
    private String text = "";
    private double number;
    private boolean bool;
    private @Nullable Set<String> words;
    private long micros;
    private boolean microsKnown;

    /** Takes the value of {@code token}, which must be that of a scalar. */
    void read(JsonParser parser, JsonToken token) throws IOException {
        switch (token) {
            case VALUE_STRING -> {
                words = null;
                microsKnown = false;
                kind = Kind.TEXT;
                text = parser.getText();
            }
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
                kind = Kind.NUMBER;
                number = parser.getDoubleValue();
            }
            case VALUE_TRUE, VALUE_FALSE -> {
                kind = Kind.BOOL;
                bool = token == JsonToken.VALUE_TRUE;
            }
            case VALUE_NULL -> kind = Kind.NULL;
            default -> throw new IllegalArgumentException("not a scalar: " + token);
        }
    }

    Kind kind() {
        return kind;
    }

    String text() {
        return text;
    }

    /** The words of a text. */
    Set<String> words() {
        Set<String> known = words;
        if (known == null) {
            known = Words.of(text);
            words = known;
        }
        return known;
    }

    /** The moment that a text means, in microseconds since 1970; {@link Times#NONE} if it means none. */
    long micros() {
        if (!microsKnown) {
            micros = Times.micros(text);
            microsKnown = true;
        }
        return micros;
    }

    double number() {
        return number;
    }

    boolean bool() {
        return bool;
    }
}
