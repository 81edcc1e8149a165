package dev.shaula.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** What the command lines of the proofs share. */
final class Options {
    private Options() {}

    /** A {@code -D} property. */
    static <T> T property(String name, T otherwise, Function<String, T> parse) {
        String text = System.getProperty(name, "");
        try {
            return text.isBlank() ? otherwise : parse.apply(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("-D" + name + ": cannot use \"" + text + "\"", e);
        }
    }

    static List<Integer> integers(String text) {
        return Stream.of(text.split(",", -1)).map(Integer::valueOf).toList();
    }

    /** The launcher of this checkout, from its top or from {@code load-tests}. */
    static Path launcher() {
        return property(
                "launcher", Files.exists(Path.of("shaula")) ? Path.of("shaula") : Path.of("..", "shaula"), Path::of);
    }

    /** Where others work on the machine too, figures mean little without this. */
    static String loadAverage() {
        try {
            return Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0];
        } catch (IOException e) {
            return "unknown";
        }
    }

    static void say(String line) {
        System.out.println(line);
    }

    static double mib(long bytes) {
        return bytes / 1048576.0;
    }
}
