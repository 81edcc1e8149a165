package dev.shaula.payload;

import java.text.Normalizer;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/** The words of a text: runs of letters, digits and marks, in compatibility form (NFKC) and lower case. */
final class Words {
    private Words() {}

    /** Each word once, in order of first occurrence. */
    static Set<String> of(String text) {
        String plain = Normalizer.normalize(text, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
        Set<String> words = new LinkedHashSet<>();
        int start = -1;
        for (int i = 0; i < plain.length(); ) {
            int point = plain.codePointAt(i);
            if (isPart(point)) {
                start = start < 0 ? i : start;
            } else if (start >= 0) {
                words.add(plain.substring(start, i));
                start = -1;
            }
            i += Character.charCount(point);
        }
        if (start >= 0) {
            words.add(plain.substring(start));
        }
        return words;
    }

    private static boolean isPart(int point) {
        return Character.isLetterOrDigit(point)
                || switch (Character.getType(point)) {
                    case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> true;
                    default -> false;
                };
    }
}
