package dev.shaula.doors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the doors that speak JSON share. */
final class JsonAnswers {
    private static final Pattern ID = Pattern.compile("\"id\":\"(\\d+)\"");

    private JsonAnswers() {}

    /** The ids of {@code results}. */
    static int[] ids(ByteBuffer answer) {
        String text = HttpConversation.text(answer);
        Matcher ids = ID.matcher(text.substring(Math.max(0, text.indexOf("\"results\""))));
        return ids.results().mapToInt(id -> Integer.parseInt(id.group(1))).toArray();
    }

    /** Shortest decimal digits, as a client writes them. */
    static String numbers(float[] vector) {
        StringBuilder out = new StringBuilder(12 * vector.length).append('[');
        for (int i = 0; i < vector.length; i++) {
            out.append(i == 0 ? "" : ",").append(vector[i]);
        }
        return out.append(']').toString();
    }

    static String base64(float[] vector) {
        return '"' + Base64.getEncoder().encodeToString(bytes(vector)) + '"';
    }

    /** Little-endian float32. */
    static byte[] bytes(float[] vector) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * vector.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(vector);
        return bytes.array();
    }
}
