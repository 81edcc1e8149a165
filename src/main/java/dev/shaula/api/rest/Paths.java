package dev.shaula.api.rest;

import dev.shaula.model.VectorDbException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Names and ids in paths. */
final class Paths {
    private static final int SHOWN = 64;

    private Paths() {}

    /**
     * Checks what follows each {@code %} of a URI.
     *
     * @throws VectorDbException (invalid) naming the path or the query string
     */
    static void checkUri(String uri) {
        for (int at = uri.indexOf('%'); at >= 0; at = uri.indexOf('%', at + 1)) {
            if (hex(uri, at + 1) < 0 || hex(uri, at + 2) < 0) {
                int query = uri.indexOf('?');
                boolean inPath = query < 0 || at < query;
                String given = inPath ? uri.substring(0, query < 0 ? uri.length() : query) : uri.substring(query + 1);
                throw VectorDbException.invalid((inPath ? "path" : "query string")
                        + ": expected two hexadecimal digits after each %, got \"" + shortened(given) + "\"");
            }
        }
    }

    private static String shortened(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
    }

    /**
     * Decodes {@code %xx} once, of a path that {@link #checkUri} has passed; everything else, {@code +} and {@code /} included, stands for itself.
     *
     * @throws VectorDbException (invalid) on bytes that are not UTF-8
     */
    static String decode(String raw) {
        if (raw.indexOf('%') < 0) {
            return raw;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            if (raw.charAt(i) == '%') {
                bytes.write((hex(raw, i + 1) << 4) | hex(raw, i + 2));
                i += 2;
            } else {
                bytes.writeBytes(raw.substring(i, i + 1).getBytes(StandardCharsets.UTF_8));
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toByteArray()))
                    .toString();
        } catch (CharacterCodingException e) {
            throw VectorDbException.invalid("path: expected percent-encoded UTF-8, got \"" + shortened(raw) + "\"");
        }
    }

    /** The value of a hexadecimal digit, -1 if there is none at {@code i}. */
    private static int hex(String raw, int i) {
        return i < raw.length() ? Character.digit(raw.charAt(i), 16) : -1;
    }
}
