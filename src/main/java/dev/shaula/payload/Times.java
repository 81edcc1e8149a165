package dev.shaula.payload;

/**
 * Moments as RFC 3339 writes them: a date ({@code 2026-01-31}, midnight UTC), or a date and time with an offset
 * ({@code 2026-01-31T12:00:00.5+02:00}; {@code t}, {@code z} and a space between are allowed too). What is finer than a
 * microsecond is cut off; a leap second counts as the one before it.
 */
final class Times {
    /** In place of a moment: the text is none. */
    static final long NONE = Long.MIN_VALUE;

    private static final int DATE_LENGTH = 10;
    private static final int SECONDS_LENGTH = 19;
    private static final int[] DAYS_BEFORE = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

    private Times() {}

    /** Microseconds since 1970, {@link #NONE} if {@code text} is no date and no date and time. */
    static long micros(String text) {
        if (text.length() < DATE_LENGTH || text.charAt(4) != '-' || text.charAt(7) != '-') {
            return NONE;
        }
        int day = day(number(text, 0, 4), number(text, 5, 7), number(text, 8, 10));
        if (day == Integer.MIN_VALUE) {
            return NONE;
        }
        return text.length() == DATE_LENGTH ? 86_400_000_000L * day : withTime(text, day);
    }

    private static long withTime(String text, int day) {
        char between = text.charAt(DATE_LENGTH);
        if ((between != 'T' && between != 't' && between != ' ')
                || text.length() <= SECONDS_LENGTH
                || text.charAt(13) != ':'
                || text.charAt(16) != ':') {
            return NONE;
        }
        int hour = number(text, 11, 13);
        int minute = number(text, 14, 16);
        int second = number(text, 17, 19);
        if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
            return NONE;
        }
        int end = endOfFraction(text);
        int offset = end < 0 ? Integer.MIN_VALUE : offsetMinutes(text, end);
        if (offset == Integer.MIN_VALUE) {
            return NONE;
        }
        long seconds = 86_400L * day + 3_600L * hour + 60L * (minute - offset) + Math.min(second, 59);
        return 1_000_000L * seconds + fractionMicros(text, end);
    }

    /** Where the offset begins; -1 if a point is followed by no digit. */
    private static int endOfFraction(String text) {
        if (text.charAt(SECONDS_LENGTH) != '.') {
            return SECONDS_LENGTH;
        }
        int end = SECONDS_LENGTH + 1;
        while (end < text.length() && isDigit(text.charAt(end))) {
            end++;
        }
        return end == SECONDS_LENGTH + 1 ? -1 : end;
    }

    private static int fractionMicros(String text, int end) {
        int micros = 0;
        for (int i = SECONDS_LENGTH + 1; i <= SECONDS_LENGTH + 6; i++) {
            micros = 10 * micros + (i < end ? text.charAt(i) - '0' : 0);
        }
        return micros;
    }

    /** Minutes east of Greenwich; {@code Integer.MIN_VALUE} if there is no offset at {@code at}, or more than one. */
    private static int offsetMinutes(String text, int at) {
        if (at >= text.length()) {
            return Integer.MIN_VALUE;
        }
        char sign = text.charAt(at);
        if (sign == 'Z' || sign == 'z') {
            return text.length() == at + 1 ? 0 : Integer.MIN_VALUE;
        }
        if ((sign != '+' && sign != '-') || text.length() != at + 6 || text.charAt(at + 3) != ':') {
            return Integer.MIN_VALUE;
        }
        int hours = number(text, at + 1, at + 3);
        int minutes = number(text, at + 4, at + 6);
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) {
            return Integer.MIN_VALUE;
        }
        return (sign == '-' ? -1 : 1) * (60 * hours + minutes);
    }

    /** Days since 1970 in the Gregorian calendar; {@code Integer.MIN_VALUE} if there is no such day. */
    private static int day(int year, int month, int dayOfMonth) {
        if (year < 0 || month < 1 || month > 12 || dayOfMonth < 1) {
            return Integer.MIN_VALUE;
        }
        boolean leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        int next = month == 12 ? 365 : DAYS_BEFORE[month];
        int length = next - DAYS_BEFORE[month - 1] + (leap && month == 2 ? 1 : 0);
        if (dayOfMonth > length) {
            return Integer.MIN_VALUE;
        }
        int before = year - 1;
        int leapDays = Math.floorDiv(before, 4) - Math.floorDiv(before, 100) + Math.floorDiv(before, 400);
        int dayOfYear = DAYS_BEFORE[month - 1] + dayOfMonth - 1 + (leap && month > 2 ? 1 : 0);
        return 365 * before + leapDays + dayOfYear - 719_162; // days from 0001-01-01 to 1970-01-01
    }

    /** The number in {@code [from, to)}; -1 if something there is no digit. */
    private static int number(String text, int from, int to) {
        int value = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (!isDigit(c)) {
                return -1;
            }
            value = 10 * value + c - '0';
        }
        return value;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
