package dev.shaula.collection;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A JSON object on disk that carries the checksum of its own bytes: {@code {"crc32c":"0123abcd","body":{...}}}. Bodies
 * are maps of strings to strings, {@code Long}s, lists and maps; nothing else is written or read. Blocks.
 */
final class SealedJson {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
    private static final byte[] END = "}\n".getBytes(StandardCharsets.US_ASCII);
    private static final int HEAD_BYTES = head(0).length;

    private SealedJson() {}

    /** Puts {@code body} in the place of {@code file}, whole or not at all. */
    static void write(Path file, Map<String, ?> body) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.useDefaultPrettyPrinter();
            write(json, body);
        }
        ByteArrayOutputStream sealed = new ByteArrayOutputStream(bytes.size() + 64);
        sealed.writeBytes(head(crc(bytes.toByteArray())));
        bytes.writeTo(sealed);
        sealed.writeBytes(END);
        DurableFiles.write(file, sealed.toByteArray());
    }

    /**
     * The body of {@code file}.
     *
     * @param maxBytes of the file
     * @throws IOException if a byte of it was changed; the text names the file
     */
    static Map<String, Object> read(Path file, long maxBytes) throws IOException {
        if (Files.size(file) > maxBytes) {
            throw new IOException(file + ": expected at most " + maxBytes + " bytes, found " + Files.size(file));
        }
        byte[] bytes = Files.readAllBytes(file);
        int end = bytes.length - END.length;
        byte[] body = end < HEAD_BYTES ? new byte[0] : Arrays.copyOfRange(bytes, HEAD_BYTES, end);
        byte[] head = Arrays.copyOf(bytes, HEAD_BYTES);
        byte[] tail = Arrays.copyOfRange(bytes, Math.max(0, end), bytes.length);
        if (!Arrays.equals(head, head(crc(body))) || !Arrays.equals(tail, END)) {
            throw new IOException(file + ": the checksum is wrong");
        }
        try (JsonParser parser = JSON.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException(file + ": expected a JSON object");
            }
            return readObject(parser);
        }
    }

    /** The text in a field; the exception names what is missing. */
    static String text(Map<?, ?> object, String field) throws IOException {
        return get(object, field, String.class);
    }

    static long number(Map<?, ?> object, String field) throws IOException {
        return get(object, field, Long.class);
    }

    static List<?> list(Map<?, ?> object, String field) throws IOException {
        return get(object, field, List.class);
    }

    static Map<?, ?> object(Map<?, ?> object, String field) throws IOException {
        return get(object, field, Map.class);
    }

    /** {@code value} as a {@code T}, which the field {@code field} is expected to hold. */
    static <T> T as(Object value, String field, Class<T> type) throws IOException {
        if (!type.isInstance(value)) {
            throw new IOException(field + ": expected a " + type.getSimpleName() + ", found " + value);
        }
        return type.cast(value);
    }

    private static <T> T get(Map<?, ?> object, String field, Class<T> type) throws IOException {
        Object value = object.get(field);
        if (value == null) {
            throw new IOException("expected a field \"" + field + "\"");
        }
        return as(value, field, type);
    }

    private static byte[] head(int crc) {
        return ("{\"crc32c\":\"" + HexFormat.of().toHexDigits(crc) + "\",\"body\":")
                .getBytes(StandardCharsets.US_ASCII);
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static void write(JsonGenerator json, Object value) throws IOException {
        switch (value) {
            case Map<?, ?> map -> {
                json.writeStartObject();
                for (Map.Entry<?, ?> field : map.entrySet()) {
                    json.writeFieldName((String) field.getKey());
                    write(json, field.getValue());
                }
                json.writeEndObject();
            }
            case List<?> list -> {
                json.writeStartArray();
                for (Object element : list) {
                    write(json, element);
                }
                json.writeEndArray();
            }
            case Long number -> json.writeNumber(number);
            case String text -> json.writeString(text);
            default -> throw new IllegalArgumentException("expected text, numbers, lists and maps, got " + value);
        }
    }

    private static Object read(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> readObject(parser);
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(read(parser));
                }
                yield list;
            }
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case VALUE_STRING -> parser.getText();
            default -> throw new IOException("expected text, numbers, lists and objects, found " + parser.getText());
        };
    }

    private static Map<String, Object> readObject(JsonParser parser) throws IOException {
        Map<String, Object> map = new LinkedHashMap<>();
        for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
            parser.nextToken();
            map.put(field, read(parser));
        }
        return map;
    }
}
