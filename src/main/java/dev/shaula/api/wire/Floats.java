package dev.shaula.api.wire;

import dev.shaula.model.Limits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** Vectors as bytes: little-endian float32, 4 bytes an element. */
public final class Floats {
    private Floats() {}

    /** The elements in {@code bytes}, from its position to its limit, a multiple of 4 bytes. */
    public static float[] unpack(ByteBuffer bytes) {
        float[] vector = new float[bytes.remaining() / Float.BYTES];
        bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
        return vector;
    }

    /** The bytes of a vector; position 0, limit at their end. */
    public static ByteBuffer pack(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * vector.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return bytes;
    }

    /** The vector in the text at hand; refuses what is no base64, of no whole elements, or too long. */
    static float[] fromBase64(JsonPush in) throws IOException {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(in.rawText().getBytes(StandardCharsets.ISO_8859_1));
        } catch (IllegalArgumentException e) {
            throw in.refuse("expected a list of numbers, or base64 text of little-endian float32, got other text");
        }
        if (bytes.length % Float.BYTES != 0) {
            throw in.refuse("expected 4 bytes for each element, got " + bytes.length + " bytes");
        }
        if (bytes.length / Float.BYTES > Limits.MAX_DIMENSIONS) {
            throw in.refuse("expected at most " + Limits.MAX_DIMENSIONS + " numbers, got more");
        }
        float[] vector = unpack(ByteBuffer.wrap(bytes));
        for (int i = 0; i < vector.length; i++) {
            if (!Float.isFinite(vector[i])) {
                throw in.refuse("expected finite numbers, got " + vector[i] + " at position " + i);
            }
        }
        return vector;
    }
}
