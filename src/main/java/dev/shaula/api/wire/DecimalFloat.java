package dev.shaula.api.wire;

import java.nio.charset.StandardCharsets;

/**
 * The float32 nearest to a decimal number, as {@link Float#parseFloat} has it, for a fifth of its time: a query of 1,536
 * numbers must not cost more to read than to answer.
 *
 * <p>At most 19 digits w and a power of ten e of at most 22 either way are computed in double: w is rounded once, 10^e is
 * exact, and their product or quotient is rounded once more, so that it is within 2 units in the last place of the true
 * value. Only where a midpoint between two floats lies as near as that can the rounding to float go wrong; such numbers,
 * and longer, smaller and larger ones, go to the JDK.
 */
final class DecimalFloat {
    private static final int MAX_DIGITS = 19;
    private static final int MAX_POWER = 22;
    private static final double[] POWERS = new double[MAX_POWER + 1];
    /** The bits of a double that a float does not have, and the value of them that is half way between two floats. */
    private static final long LOST = (1L << 29) - 1;

    private static final long HALF = 1L << 28;
    /** Twice the error, in units of the last place of a double. */
    private static final long MARGIN = 4;

    static {
        for (int i = 0; i <= MAX_POWER; i++) {
            POWERS[i] = Double.parseDouble("1e" + i);
        }
    }

    private float value;

    /** The number that was read last; infinite if it is beyond the range of a float. */
    float value() {
        return value;
    }

    /**
     * Reads a number of JSON from {@code [start, end)}, once over its bytes.
     *
     * @return where it stops; {@code end} if it may go on behind it, and then there is no value; -1 if it is no number
     */
    int read(byte[] text, int start, int end) {
        int first = text[start] == '-' ? start + 1 : start;
        long digits = 0;
        int at = first;
        for (; at < end && isDigit(text[at]); at++) {
            digits = 10 * digits + (text[at] - '0');
        }
        if (at == end) {
            return end;
        }
        if (at == first || (text[first] == '0' && at > first + 1)) {
            return -1;
        }
        int count = at - first;
        int power = 0;
        if (text[at] == '.') {
            int point = ++at;
            for (; at < end && isDigit(text[at]); at++) {
                digits = 10 * digits + (text[at] - '0');
            }
            power = point - at;
            count -= power;
            if (at == end || power == 0) {
                return at == end ? end : -1;
            }
        }
        int stop = at;
        if (text[at] == 'e' || text[at] == 'E') {
            stop = endOfExponent(text, at + 1, end);
            if (stop < 0 || stop == end) {
                return stop;
            }
            power += exponent(text, at + 1, stop);
        }
        boolean fits = count <= MAX_DIGITS || count - leadingZeros(text, first) <= MAX_DIGITS;
        value = fits && digits >= 0 ? scaled(digits, power, text, start, stop) : slow(text, start, stop);
        return stop;
    }

    private static boolean isDigit(byte c) {
        return c >= '0' && c <= '9';
    }

    private static int leadingZeros(byte[] text, int first) {
        int zeros = 0;
        for (int at = first; text[at] == '0' || text[at] == '.'; at++) {
            zeros += text[at] == '0' ? 1 : 0;
        }
        return zeros;
    }

    private static int endOfExponent(byte[] text, int start, int end) {
        int at = start < end && (text[start] == '+' || text[start] == '-') ? start + 1 : start;
        int first = at;
        while (at < end && isDigit(text[at])) {
            at++;
        }
        return at == first && at < end ? -1 : at;
    }

    private static float scaled(long digits, int power, byte[] text, int start, int end) {
        boolean negative = text[start] == '-';
        if (digits == 0) {
            return negative ? -0f : 0f;
        }
        if (power < -MAX_POWER || power > MAX_POWER) {
            return slow(text, start, end);
        }
        double value = power < 0 ? digits / POWERS[-power] : digits * POWERS[power];
        boolean normal = value >= Float.MIN_NORMAL && value <= Float.MAX_VALUE;
        long lost = Double.doubleToRawLongBits(value) & LOST;
        if (!normal || Math.abs(lost - HALF) <= MARGIN) {
            return slow(text, start, end);
        }
        return (float) (negative ? -value : value);
    }

    /** Capped, so that a long one does not wrap around. */
    private static int exponent(byte[] text, int start, int end) {
        int at = start;
        boolean negative = text[at] == '-';
        if (negative || text[at] == '+') {
            at++;
        }
        int value = 0;
        for (; at < end; at++) {
            value = Math.min(10 * value + (text[at] - '0'), 100_000);
        }
        return negative ? -value : value;
    }

    private static float slow(byte[] text, int start, int end) {
        return Float.parseFloat(new String(text, start, end - start, StandardCharsets.ISO_8859_1));
    }
}
