package dev.shaula.model;

import java.util.Locale;

/**
 * How the closeness of two vectors is measured.
 *
 * <p>The engine works with <em>distances</em> (smaller is closer); callers see <em>scores</em> (larger is closer).
 * {@link #score} turns the one into the other.
 */
public enum Metric {
    /** Distance {@code 1 - cos(a, b)} in [0, 2]; score is the cosine in [-1, 1]. A zero vector has score 0 to everything. */
    COSINE(1),
    /** Distance {@code -a·b}; score is the dot product. */
    DOT(2),
    /** Distance is the squared Euclidean distance; score is {@code 1 / (1 + distance)} in (0, 1]. */
    EUCLIDEAN(3);

    private final int formatCode;

    Metric(int formatCode) {
        this.formatCode = formatCode;
    }

    /** The number that stands for it in files; never changes. */
    public int formatCode() {
        return formatCode;
    }

    /** The score that callers see for an engine distance of this metric; always finite for finite input. */
    public float score(float distance) {
        return switch (this) {
            case COSINE -> Math.clamp(1f - distance, -1f, 1f);
            case DOT -> -distance;
            case EUCLIDEAN -> 1f / (1f + distance);
        };
    }

    /** The distance of a score, the inverse of {@link #score} up to rounding; infinite where every distance scores more. */
    public float distance(float score) {
        return switch (this) {
            case COSINE -> score <= -1f ? Float.POSITIVE_INFINITY : 1f - score;
            case DOT -> -score;
            case EUCLIDEAN -> score <= 0f ? Float.POSITIVE_INFINITY : 1f / score - 1f;
        };
    }

    /** The name used on the wire: {@code cosine}, {@code dot} or {@code euclidean}. */
    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The metric of a wire name, in any letter case; {@code l2} is accepted for {@code euclidean}, {@code ip} for
     * {@code dot}.
     *
     * @throws VectorDbException (invalid) if there is none
     */
    public static Metric fromWireName(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "cosine" -> COSINE;
            case "dot", "ip" -> DOT;
            case "euclidean", "l2" -> EUCLIDEAN;
            default ->
                throw VectorDbException.invalid("metric: expected cosine, dot or euclidean, got \"" + name + "\"");
        };
    }
}
