package dev.shaula.model;

import java.util.Locale;

/**
 * An index on one field of the metadata. It makes filters faster and changes no answer. A field may have several, of
 * different kinds.
 *
 * @param field as in a {@link Filter}, without a leading {@code metadata.}; 1 to {@link Limits#MAX_FIELD_LENGTH}
 *     characters, no control characters
 * @param kind which values it knows, and so which conditions it answers
 */
public record FieldIndex(String field, Kind kind) {
    private static final String PREFIX = "metadata.";

    /** What an index is made of. */
    public enum Kind {
        /** Strings as they are: equality, membership, prefixes, order by code point. */
        KEYWORD,
        /** Numbers: equality, membership, order. The same as {@link #FLOAT}, for numbers compare by value. */
        INTEGER,
        /** Numbers: equality, membership, order. */
        FLOAT,
        /** True and false: equality. */
        BOOLEAN,
        /** Strings that are a date or a date and time of RFC 3339: order by time. */
        DATETIME,
        /** Objects with {@code lat} and {@code lon}: circles and boxes. */
        GEO,
        /** The words of strings. */
        TEXT;

        /** The name on the wire and on disk, in lower case. */
        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }

        /** The kind of a wire name; throws INVALID if there is none. */
        public static Kind fromWireName(String name) {
            for (Kind kind : values()) {
                if (kind.wireName().equals(name)) {
                    return kind;
                }
            }
            throw VectorDbException.invalid(
                    "type: expected keyword, integer, float, boolean, datetime, geo or text, got \"" + name + "\"");
        }
    }

    /** Checks the bounds and drops the prefix; throws INVALID naming the field. */
    public FieldIndex {
        field = field.startsWith(PREFIX) ? field.substring(PREFIX.length()) : field;
        if (field.isEmpty() || field.length() > Limits.MAX_FIELD_LENGTH) {
            throw VectorDbException.invalid(
                    "field: expected 1 to " + Limits.MAX_FIELD_LENGTH + " characters, got " + field.length());
        }
        if (field.chars().anyMatch(Character::isISOControl)) {
            throw VectorDbException.invalid("field: must not contain control characters");
        }
    }
}
