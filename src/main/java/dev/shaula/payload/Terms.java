package dev.shaula.payload;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Strings as bytes whose unsigned order is that of code points. */
final class Terms {
    private Terms() {}

    /** UTF-8; half a surrogate pair, which UTF-8 cannot carry, as the three bytes that its number would have. */
    static byte[] encode(String text) {
        if (!hasLoneSurrogate(text)) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        byte[] bytes = new byte[3 * text.length()];
        int n = 0;
        for (int i = 0; i < text.length(); ) {
            int point = text.codePointAt(i);
            i += Character.charCount(point);
            if (point < 0x80) {
                bytes[n++] = (byte) point;
            } else if (point < 0x800) {
                bytes[n++] = (byte) (0xc0 | (point >> 6));
                bytes[n++] = tail(point);
            } else if (point < 0x10000) {
                bytes[n++] = (byte) (0xe0 | (point >> 12));
                bytes[n++] = tail(point >> 6);
                bytes[n++] = tail(point);
            } else {
                bytes[n++] = (byte) (0xf0 | (point >> 18));
                bytes[n++] = tail(point >> 12);
                bytes[n++] = tail(point >> 6);
                bytes[n++] = tail(point);
            }
        }
        return Arrays.copyOf(bytes, n);
    }

    /** The text of {@link #encode}. */
    static String decode(byte[] term) {
        String text = new String(term, StandardCharsets.UTF_8);
        return Arrays.equals(text.getBytes(StandardCharsets.UTF_8), term) ? text : decodeWithHalves(term);
    }

    private static String decodeWithHalves(byte[] term) {
        StringBuilder text = new StringBuilder(term.length);
        for (int i = 0; i < term.length; ) {
            int lead = term[i++] & 0xff;
            int more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
            int point = more == 0 ? lead : lead & (0x3f >> more);
            for (; more > 0; more--) {
                point = point << 6 | (term[i++] & 0x3f);
            }
            text.appendCodePoint(point);
        }
        return text.toString();
    }

    private static byte tail(int bits) {
        return (byte) (0x80 | (bits & 0x3f));
    }

    private static boolean hasLoneSurrogate(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (i + 1 == text.length() || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
                    return true;
                }
                i++;
            }
        }
        return false;
    }
}
