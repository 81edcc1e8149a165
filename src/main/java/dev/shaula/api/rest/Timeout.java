package dev.shaula.api.rest;

import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import org.jspecify.annotations.Nullable;

/** How long a client waits for an answer: the parameter {@code timeout}, {@code 250}, {@code 250ms} or {@code 2s}. */
final class Timeout {
    static final long NONE = 0;

    private Timeout() {}

    /** Milliseconds; {@link #NONE} if there is no parameter. @throws VectorDbException (invalid) if it says no such time */
    static long millis(@Nullable String given) {
        if (given == null) {
            return NONE;
        }
        boolean seconds = given.endsWith("s") && !given.endsWith("ms");
        String digits = given.substring(0, given.length() - (seconds ? 1 : given.endsWith("ms") ? 2 : 0));
        boolean whole =
                !digits.isEmpty() && digits.length() <= 9 && digits.chars().allMatch(c -> c >= '0' && c <= '9');
        long millis = whole ? Long.parseLong(digits) * (seconds ? 1_000 : 1) : 0;
        if (millis < 1 || millis > Limits.MAX_TIMEOUT_MS) {
            String shown = given.length() > 32 ? given.substring(0, 32) : given;
            throw VectorDbException.invalid("timeout: expected 1 to " + Limits.MAX_TIMEOUT_MS
                    + " milliseconds, as 250, 250ms or 2s, got \"" + shown + "\"");
        }
        return millis;
    }

    /** What a client is told whose time is over. */
    static VectorDbException over(long millis) {
        return new VectorDbException(
                VectorDbException.Kind.DEADLINE_EXCEEDED,
                "timeout: the answer was not there within " + millis + " ms; the work was stopped");
    }
}
