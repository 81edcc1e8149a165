package dev.shaula.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON for the small bodies of a client: plain maps, lists, strings, numbers, booleans and null. What is large, the
 * vectors, is written without going through here.
 */
final class Json {
    static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** Every integer below it in magnitude is a float32, and is shorter written without a fraction. */
    private static final int EXACT_INTEGERS = 1 << 24;

    private Json() {}

    /**
     * The object in {@code json}.
     *
     * @throws IOException if it is not one JSON object
     */
    static Map<String, @Nullable Object> object(byte[] json) throws IOException {
        Object value = value(FACTORY.createParser(json));
        if (value instanceof Map<?, ?> map) {
            return asObject(map);
        }
        throw new IOException("expected a JSON object, got " + write(value));
    }

    /**
     * The value in {@code json}.
     *
     * @throws IOException if it is not one JSON value
     */
    static @Nullable Object value(String json) throws IOException {
        return value(FACTORY.createParser(json));
    }

    private static @Nullable Object value(JsonParser parser) throws IOException {
        try (parser) {
            parser.nextToken();
            Object value = read(parser);
            if (parser.nextToken() != null) {
                throw new IOException("expected one JSON value, got more after it");
            }
            return value;
        }
    }

    private static @Nullable Object read(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == null) {
            throw new IOException("expected a JSON value, got nothing");
        }
        return switch (token) {
            case START_OBJECT -> readObject(parser);
            case START_ARRAY -> readArray(parser);
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> throw new IOException("unexpected JSON token " + token);
        };
    }

    private static Map<String, @Nullable Object> readObject(JsonParser parser) throws IOException {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            map.put(name, read(parser));
        }
        return map;
    }

    private static List<@Nullable Object> readArray(JsonParser parser) throws IOException {
        List<@Nullable Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            list.add(read(parser));
        }
        return list;
    }

    /** {@code map} as an object that {@link #object} returned; its keys are strings. */
    @SuppressWarnings("unchecked") // maps come from readObject only
    static Map<String, @Nullable Object> asObject(Map<?, ?> map) {
        return (Map<String, @Nullable Object>) map;
    }

    /** Compact JSON of a value as {@link #object} returns them. */
    static String write(@Nullable Object value) {
        return write(value, false);
    }

    /** As {@link #write}, over several lines. */
    static String pretty(@Nullable Object value) {
        return write(value, true);
    }

    private static String write(@Nullable Object value, boolean pretty) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = FACTORY.createGenerator(text)) {
            if (pretty) {
                generator.useDefaultPrettyPrinter();
            }
            write(generator, value);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // a StringWriter does not fail
        }
        return text.toString();
    }

    private static void write(JsonGenerator generator, @Nullable Object value) throws IOException {
        switch (value) {
            case Map<?, ?> map -> {
                generator.writeStartObject();
                for (Map.Entry<?, ?> e : map.entrySet()) {
                    generator.writeFieldName(String.valueOf(e.getKey()));
                    write(generator, e.getValue());
                }
                generator.writeEndObject();
            }
            case List<?> list -> {
                generator.writeStartArray();
                for (Object element : list) {
                    write(generator, element);
                }
                generator.writeEndArray();
            }
            case float[] vector -> generator.writeRawValue(write(vector));
            case null, default -> generator.writePOJO(value);
        }
    }

    /** A vector as a JSON array. */
    static String write(float[] vector) {
        StringBuilder text = new StringBuilder(vector.length * 10 + 2).append('[');
        for (int i = 0; i < vector.length; i++) {
            if (i > 0) {
                text.append(',');
            }
            append(text, vector[i]);
        }
        return text.append(']').toString();
    }

    /**
     * Appends the shortest decimal that reads back as {@code f}, as {@link Float#toString(float)} gives it, whole
     * numbers without {@code .0}. Appending to a builder makes no garbage, {@code Float.toString} would.
     */
    static void append(StringBuilder text, float f) {
        int whole = (int) f;
        boolean negativeZero = whole == 0 && Float.floatToRawIntBits(f) != 0;
        if (whole == f && !negativeZero && Math.abs(whole) < EXACT_INTEGERS) {
            text.append(whole);
        } else {
            text.append(f);
        }
    }

    /** {@code s} as a JSON string, with its quotes. */
    static String quote(String s) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(s)) + '"';
    }

    /**
     * A vector from JSON.
     *
     * @param what how an error calls the value
     * @throws CliException if it is not an array of finite numbers
     */
    static float[] vector(@Nullable Object value, String what) {
        if (!(value instanceof List<?> list) || list.isEmpty()) {
            throw new CliException(what + ": expected a JSON array of numbers such as [0.1, 0.2], got " + brief(value));
        }
        float[] vector = new float[list.size()];
        for (int i = 0; i < vector.length; i++) {
            vector[i] = list.get(i) instanceof Number n ? n.floatValue() : Float.NaN;
            if (!Float.isFinite(vector[i])) {
                throw new CliException(
                        what + ": element " + i + ": expected a finite number, got " + brief(list.get(i)));
            }
        }
        return vector;
    }

    private static String brief(@Nullable Object value) {
        return Text.shorten(write(value), 60);
    }
}
