package dev.shaula.api.grpc;

import org.jspecify.annotations.Nullable;

/** The time that a client gives a call, as the header {@code grpc-timeout} writes it: up to eight digits and a unit. */
final class Deadline {
    static final long NONE = 0;
    private static final int MAX_DIGITS = 8;
    /** A year: longer than any call, shorter than what a timer counts. */
    private static final long LONGEST_MS = 365L * 24 * 3_600 * 1_000;

    private Deadline() {}

    /** Milliseconds, rounded up, at least 1; {@link #NONE} if there is no header or not one that says a time. */
    static long millis(@Nullable String timeout) {
        int digits = timeout == null ? 0 : timeout.length() - 1;
        if (timeout == null || digits < 1 || digits > MAX_DIGITS) {
            return NONE;
        }
        long value = 0;
        for (int i = 0; i < digits; i++) {
            int digit = timeout.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return NONE;
            }
            value = 10 * value + digit;
        }
        long millis = switch (timeout.charAt(digits)) {
            case 'H' -> value * 3_600_000;
            case 'M' -> value * 60_000;
            case 'S' -> value * 1_000;
            case 'm' -> value;
            case 'u' -> (value + 999) / 1_000;
            case 'n' -> (value + 999_999) / 1_000_000;
            default -> -1;
        };
        return millis < 0 ? NONE : Math.clamp(millis, 1, LONGEST_MS);
    }
}
