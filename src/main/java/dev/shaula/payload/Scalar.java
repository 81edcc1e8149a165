package dev.shaula.payload;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

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

    /** Takes the value of {@code token}, which must be that of a scalar. */
    void read(JsonParser parser, JsonToken token) throws IOException {
        switch (token) {
            case VALUE_STRING -> {
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

    double number() {
        return number;
    }

    boolean bool() {
        return bool;
    }
}
