package dev.shaula.api.wire;

/** Text of callers as it is safe and short enough to be told back in an error. */
final class Text {
    private static final int SHOWN = 64;

    private Text() {}

    /** {@code text} without control characters, cut after 64 characters. */
    static String shortened(String text) {
        String head = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
        return head.codePoints().anyMatch(Character::isISOControl) ? head.replaceAll("\\p{Cntrl}", "?") : head;
    }

    /**
     * Length of {@code text} in UTF-8 bytes, or -1 if it holds half a surrogate pair, which no UTF-8 can carry and which
     * would come back as another id.
     */
    static int utf8Length(String text) {
        int bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                bytes++;
            } else if (c < 0x800) {
                bytes += 2;
            } else if (!Character.isSurrogate(c)) {
                bytes += 3;
            } else if (isPair(text, i)) {
                bytes += 4;
                i++;
            } else {
                return -1;
            }
        }
        return bytes;
    }

    private static boolean isPair(String text, int i) {
        return i + 1 < text.length()
                && Character.isHighSurrogate(text.charAt(i))
                && Character.isLowSurrogate(text.charAt(i + 1));
    }
}
