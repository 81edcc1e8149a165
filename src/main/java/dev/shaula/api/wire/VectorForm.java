package dev.shaula.api.wire;

import dev.shaula.model.VectorDbException;

/** How an answer writes the vectors of points. */
public enum VectorForm {
    /** Not at all. */
    NONE,
    /** A list of numbers, the shortest digits that give the same float32 back. */
    NUMBERS,
    /** Base64 text of little-endian float32: a third of the bytes, exact, and nothing to parse. */
    BASE64;

    /** The form of a wire name. @throws VectorDbException (invalid) naming {@code field} if there is none */
    public static VectorForm of(String name, String field) {
        return switch (name) {
            case "numbers" -> NUMBERS;
            case "base64" -> BASE64;
            case "none" -> NONE;
            default ->
                throw VectorDbException.invalid(
                        field + ": expected numbers, base64 or none, got \"" + Text.shortened(name) + "\"");
        };
    }

    /** {@link #NUMBERS} for true. */
    public static VectorForm of(boolean wanted) {
        return wanted ? NUMBERS : NONE;
    }
}
