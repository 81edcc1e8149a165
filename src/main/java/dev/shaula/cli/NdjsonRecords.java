package dev.shaula.cli;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Limits;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * An NDJSON file as upsert records: checks that each line is a record of the right length, then passes its bytes on as
 * they are. Numbers are checked for their form, not converted, so that the check costs less than the network.
 */
final class NdjsonRecords implements RecordReader {
    /** Longest line: {@link Limits#MAX_DIMENSIONS} numbers of 25 characters with the largest metadata fit many times. */
    static final int MAX_LINE_BYTES = 1 << 24;

    private final LineReader lines;
    private final byte[] prefix;
    private int dimensions;

    NdjsonRecords(InputStream in, String idPrefix) {
        this.lines = new LineReader(in, MAX_LINE_BYTES);
        String quoted = Json.quote(idPrefix);
        this.prefix = quoted.substring(0, quoted.length() - 1).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public boolean next(ByteArrayOutputStream out) throws IOException {
        byte[] line = nextRow();
        if (line == null) {
            return false;
        }
        Span id = check(line);
        if (prefix.length == 1) {
            out.writeBytes(line);
        } else {
            writeWithPrefix(line, id, out);
        }
        out.write('\n');
        return true;
    }

    /** The next line that is not blank. */
    private byte @Nullable [] nextRow() throws IOException {
        try {
            byte[] line = lines.next();
            while (line != null && isBlank(line)) {
                line = lines.next();
            }
            return line;
        } catch (EOFException e) {
            throw new BadRowException(position() + ": the gzip data end within it, the file is truncated", e);
        } catch (ZipException e) {
            throw new BadRowException(position() + ": the gzip data are damaged (" + e.getMessage() + ")", e);
        }
    }

    private static boolean isBlank(byte[] line) {
        for (byte b : line) {
            if (b != ' ' && b != '\t') {
                return false;
            }
        }
        return true;
    }

    /** Where the value of the id stands in its line: [from, to), the quotes of a string included. */
    private record Span(int from, int to, boolean quoted) {}

    private Span check(byte[] line) throws IOException {
        try (JsonParser parser = Json.FACTORY.createParser(line)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw bad("expected a JSON object such as {\"id\": \"a\", \"vector\": [0.1, 0.2]}");
            }
            Span id = null;
            boolean vector = false;
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                parser.nextToken();
                switch (field) {
                    case "id" -> id = readId(parser);
                    case "vector", "values" -> {
                        checkVector(parser, field);
                        vector = true;
                    }
                    case "metadata" -> checkMetadata(parser);
                    default -> throw bad("unknown field \"" + field + "\", expected id, vector and metadata");
                }
            }
            if (id == null) {
                throw bad("the field id is missing, expected a string or an integer");
            }
            if (!vector) {
                throw bad("the field vector is missing, expected an array of numbers");
            }
            if (parser.nextToken() != null) {
                throw bad("expected one record a line, got more after it");
            }
            return id;
        } catch (JsonProcessingException e) {
            throw new BadRowException(position() + ": not valid JSON: " + e.getOriginalMessage(), e);
        }
    }

    private Span readId(JsonParser parser) throws IOException {
        JsonToken token = parser.currentToken();
        if (token != JsonToken.VALUE_STRING && token != JsonToken.VALUE_NUMBER_INT) {
            throw bad("id: expected a string or an integer, got " + token);
        }
        int from = (int) parser.currentTokenLocation().getByteOffset();
        int textLength = parser.getTextLength(); // reads a string to its end
        boolean quoted = token == JsonToken.VALUE_STRING;
        int to = quoted ? (int) parser.currentLocation().getByteOffset() : from + textLength;
        return new Span(from, to, quoted);
    }

    private void checkVector(JsonParser parser, String field) throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw bad(field + ": expected an array of numbers, got " + parser.currentToken());
        }
        int length = 0;
        for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
            if (t == null || !t.isNumeric()) {
                throw bad(field + ": element " + length + ": expected a number, got " + parser.getText());
            }
            length++;
        }
        checkLength(field, length);
    }

    private void checkLength(String field, int length) throws BadRowException {
        if (length < 1 || length > Limits.MAX_DIMENSIONS) {
            throw bad(field + ": expected 1 to " + Limits.MAX_DIMENSIONS + " numbers, got " + length);
        }
        if (dimensions != 0 && length != dimensions) {
            throw bad(field + ": expected " + dimensions + " numbers as in the lines before, got " + length);
        }
        dimensions = length;
    }

    private void checkMetadata(JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT && parser.currentToken() != JsonToken.VALUE_NULL) {
            throw bad("metadata: expected an object, got " + parser.currentToken());
        }
        parser.skipChildren();
    }

    private void writeWithPrefix(byte[] line, Span id, ByteArrayOutputStream out) {
        out.write(line, 0, id.from);
        out.writeBytes(prefix);
        int from = id.quoted ? id.from + 1 : id.from;
        out.write(line, from, id.to - from);
        if (!id.quoted) {
            out.write('"');
        }
        out.write(line, id.to, line.length - id.to);
    }

    private BadRowException bad(String what) {
        return new BadRowException(position() + ": " + what);
    }

    @Override
    public boolean skip() throws IOException {
        return nextRow() != null;
    }

    @Override
    public int dimensions() {
        return dimensions;
    }

    @Override
    public String position() {
        return "line " + lines.number();
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
