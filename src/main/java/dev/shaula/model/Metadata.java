package dev.shaula.model;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The metadata of a point: one JSON object, kept as compact UTF-8 bytes from the door to the disk and back, so that
 * storing and returning it costs a copy. Whoever makes one has validated the bytes; nothing below checks them again.
 *
 * <p>Immutable, as long as nobody writes to the array, which is not copied.
 */
public final class Metadata {
    /** The empty object. */
    public static final Metadata EMPTY = new Metadata(new byte[] {'{', '}'});

    private final byte[] json;

    private Metadata(byte[] json) {
        this.json = json;
    }

    /** Wraps {@code json}, a valid JSON object in UTF-8; the array is owned by the result from now on. */
    public static Metadata ofJson(byte[] json) {
        return json.length == 2 ? EMPTY : new Metadata(json);
    }

    /** As {@link #ofJson(byte[])}, from text. */
    public static Metadata ofJson(String json) {
        return ofJson(json.getBytes(StandardCharsets.UTF_8));
    }

    /** The JSON object in UTF-8; not to be written to. */
    public byte[] json() {
        return json;
    }

    public boolean isEmpty() {
        return json.length == 2;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Metadata other && Arrays.equals(json, other.json);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(json);
    }

    @Override
    public String toString() {
        return new String(json, StandardCharsets.UTF_8);
    }
}
