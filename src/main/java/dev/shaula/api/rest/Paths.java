package dev.shaula.api.rest;

import dev.shaula.model.VectorDbException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Names and ids in paths. */
final class Paths {
    private Paths() {}

    /**
     * Decodes {@code %xx} once; everything else, {@code +} and {@code /} included, stands for itself.
     *
     * @throws VectorDbException (invalid) on a broken escape or bytes that are not UTF-8
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
            throw VectorDbException.invalid("path: expected percent-encoded UTF-8");
        }
    }

    private static int hex(String raw, int i) {
        int digit = i < raw.length() ? Character.digit(raw.charAt(i), 16) : -1;
        if (digit < 0) {
            throw VectorDbException.invalid("path: expected two hexadecimal digits after %");
        }
        return digit;
    }
}
