package dev.shaula.api.grpc;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.google.protobuf.ListValue;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.shaula.api.wire.JsonWriter;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** A Struct and the JSON object that means the same. Nesting is bounded by what protobuf reads and metadata may have. */
final class Structs {
    private static final JsonFactory JSON = new JsonFactory();
    private static final byte[] NULL = "null".getBytes(StandardCharsets.US_ASCII);

    private Structs() {}

    /** @throws VectorDbException (invalid) if a number is not finite or a value has no kind */
    static byte[] toJson(Struct struct) {
        JsonWriter out = new JsonWriter(64);
        write(out, struct);
        return out.toBytes();
    }

    private static void write(JsonWriter out, Struct struct) {
        out.openObject();
        struct.getFieldsMap().forEach((name, value) -> write(out.name(name), value));
        out.closeObject();
    }

    private static void write(JsonWriter out, Value value) {
        switch (value.getKindCase()) {
            case NULL_VALUE -> out.raw(NULL);
            case BOOL_VALUE -> out.value(value.getBoolValue());
            case NUMBER_VALUE -> out.value(finite(value.getNumberValue()));
            case STRING_VALUE -> out.value(value.getStringValue());
            case STRUCT_VALUE -> write(out, value.getStructValue());
            case LIST_VALUE -> {
                out.openArray();
                value.getListValue().getValuesList().forEach(element -> write(out, element));
                out.closeArray();
            }
            case KIND_NOT_SET -> throw VectorDbException.invalid("Struct: expected a kind for every value, got none");
        }
    }

    private static double finite(double number) {
        if (!Double.isFinite(number)) {
            throw VectorDbException.invalid("Struct: expected finite numbers, got " + number);
        }
        return number;
    }

    /** The Struct of a JSON object that was checked when it came in. */
    static Struct fromJson(byte[] json) {
        try (JsonParser in = JSON.createParser(json)) {
            in.nextToken();
            return object(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Struct object(JsonParser in) throws IOException {
        Struct.Builder struct = Struct.newBuilder();
        for (String name = in.nextFieldName(); name != null; name = in.nextFieldName()) {
            struct.putFields(name, value(in, in.nextToken()));
        }
        return struct.build();
    }

    private static Value value(JsonParser in, JsonToken token) throws IOException {
        Value.Builder value = Value.newBuilder();
        switch (token) {
            case START_OBJECT -> value.setStructValue(object(in));
            case START_ARRAY -> value.setListValue(list(in));
            case VALUE_STRING -> value.setStringValue(in.getText());
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> value.setNumberValue(in.getDoubleValue());
            case VALUE_TRUE -> value.setBoolValue(true);
            case VALUE_FALSE -> value.setBoolValue(false);
            default -> value.setNullValue(NullValue.NULL_VALUE);
        }
        return value.build();
    }

    private static ListValue list(JsonParser in) throws IOException {
        ListValue.Builder list = ListValue.newBuilder();
        for (JsonToken token = in.nextToken(); token != JsonToken.END_ARRAY; token = in.nextToken()) {
            list.addValues(value(in, token));
        }
        return list.build();
    }
}
