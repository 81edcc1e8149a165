package dev.shaula.sidebyside;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the driver is told on its command line; the script documents each and fills in the defaults.
 *
 * @param builds {@code always}, {@code missing} or {@code only}: index what is not saved, and measure nothing
 */
record Options(
        Path peersFile,
        Path work,
        Path data,
        Path out,
        List<String> sets,
        List<Integer> threads,
        List<Integer> buildThreads,
        List<Integer> ks,
        int repetitions,
        int pointMillis,
        int warmMillis,
        int m,
        int efConstruction,
        String builds) {
    private static final Set<String> BUILDS = Set.of("always", "missing", "only");

    static Options parse(String[] args) {
        Map<String, String> values = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            values.put(args[i], args[i + 1]);
        }
        Options options = new Options(
                Path.of(text(values, "--peers-file")),
                Path.of(text(values, "--work")),
                Path.of(text(values, "--data")),
                Path.of(text(values, "--out")),
                List.of(text(values, "--sets").split(",")),
                numbers(values, "--threads"),
                numbers(values, "--build-threads"),
                numbers(values, "--k"),
                number(values, "--repetitions"),
                number(values, "--point-ms"),
                number(values, "--warm-ms"),
                number(values, "--m"),
                number(values, "--ef-construction"),
                text(values, "--builds"));
        if (!BUILDS.contains(options.builds)) {
            throw new IllegalArgumentException("--builds: expected one of " + BUILDS + ", got " + options.builds);
        }
        return options;
    }

    private static String text(Map<String, String> values, String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException(name + ": missing");
        }
        return value;
    }

    private static int number(Map<String, String> values, String name) {
        return numbers(values, name).get(0);
    }

    private static List<Integer> numbers(Map<String, String> values, String name) {
        try {
            return Stream.of(text(values, name).split(","))
                    .map(Integer::parseInt)
                    .peek(n -> {
                        if (n < 1) {
                            throw new NumberFormatException();
                        }
                    })
                    .toList();
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + ": expected numbers from 1 up, got " + values.get(name), e);
        }
    }
}
