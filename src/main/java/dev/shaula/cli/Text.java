package dev.shaula.cli;

import java.io.Console;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Numbers and tables for people, and whether one is there. */
final class Text {
    private static final Pattern NUMBER = Pattern.compile("-?[0-9.,]+(E-?[0-9]+)?");

    private Text() {}

    /** The terminal that this process is used from, if there is one. */
    static Optional<Console> terminal() {
        return Optional.ofNullable(System.console()).filter(Console::isTerminal);
    }

    static String shorten(String s, int max) {
        return s.length() <= max ? s : s.substring(0, max - 1) + "…";
    }

    static String count(long n) {
        return String.format(Locale.ROOT, "%,d", n);
    }

    /** Bytes in the binary unit that leaves one to four digits before the point. */
    static String bytes(long bytes) {
        double n = bytes;
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
        int unit = 0;
        while (n >= 1_024 && unit < units.length - 1) {
            n /= 1_024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", n, units[unit]);
    }

    /** Seconds as {@code m:ss} or {@code h:mm:ss}. */
    static String clock(double seconds) {
        long s = Math.round(seconds);
        return s < 3_600
                ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3_600, s / 60 % 60, s % 60);
    }

    /** The objects of a list in an answer, one row each; "no <list>" if there are none. */
    static String listing(
            Map<String, @Nullable Object> answer,
            String list,
            List<String> header,
            Function<Map<?, ?>, List<String>> toRow) {
        List<List<String>> rows = new ArrayList<>();
        if (answer.get(list) instanceof List<?> items) {
            for (Object item : items) {
                if (item instanceof Map<?, ?> fields) {
                    rows.add(toRow.apply(fields));
                }
            }
        }
        return rows.isEmpty() ? "no " + list + "\n" : table(header, rows);
    }

    /** Rows in columns as wide as their widest cell, two spaces apart; a column of numbers is set to the right. */
    static String table(List<String> header, List<List<String>> rows) {
        int columns = header.size();
        int[] widths = new int[columns];
        boolean[] right = new boolean[columns];
        for (int c = 0; c < columns; c++) {
            int column = c;
            widths[c] = rows.stream()
                    .mapToInt(r -> r.get(column).length())
                    .reduce(header.get(c).length(), Math::max);
            right[c] = rows.stream().allMatch(r -> isNumber(r.get(column)));
        }
        StringBuilder text = new StringBuilder();
        appendRow(text, header, widths, right);
        rows.forEach(row -> appendRow(text, row, widths, right));
        return text.toString();
    }

    private static void appendRow(StringBuilder text, List<String> cells, int[] widths, boolean[] right) {
        StringBuilder line = new StringBuilder();
        for (int c = 0; c < widths.length; c++) {
            line.append(pad(cells.get(c), widths[c], right[c])).append("  ");
        }
        text.append(line.toString().stripTrailing()).append(System.lineSeparator());
    }

    private static boolean isNumber(String s) {
        return NUMBER.matcher(s).matches();
    }

    private static String pad(String s, int width, boolean right) {
        String space = " ".repeat(width - s.length());
        return right ? space + s : s + space;
    }
}
