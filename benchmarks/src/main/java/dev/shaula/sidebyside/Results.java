package dev.shaula.sidebyside;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What was measured, as tables of text (TSV) in one directory, written line by line, so that a run that ends early
 * leaves what it has.
 *
 * @param searches one point of a curve a row
 * @param builds one build a row
 * @param memory one part of one index a row
 * @param allocations bytes that one search allocates, by ef
 * @param failures peers that are absent or failed, and why
 */
record Results(
        List<Search> searches,
        List<Build> builds,
        List<Memory> memory,
        List<Allocation> allocations,
        List<Failure> failures) {

    /** @param cpuMicros processor time of the whole process for one query, in microseconds */
    record Search(
            String peer,
            String set,
            int threads,
            int k,
            int ef,
            int repetition,
            double recall,
            double qps,
            double cpuMicros) {}

    /** @param origin {@code fresh}, or {@code saved} if an earlier run built it */
    record Build(String peer, String set, int threads, double seconds, double cpuSeconds, int rows, String origin) {
        double rate() {
            return rows / seconds;
        }
    }

    /** @param part {@code rss-anonymous} and {@code rss-file} are of the whole process, the others of the index */
    record Memory(String peer, String set, String part, long bytes) {}

    record Allocation(String peer, String set, int k, int ef, long bytes) {}

    record Failure(String peer, String set, String reason) {}

    static Results empty() {
        return new Results(
                new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    }

    static Results read(Path directory) throws IOException {
        Results results = empty();
        for (String[] f : rows(directory, "search", 9)) {
            results.searches.add(new Search(
                    f[0],
                    f[1],
                    Integer.parseInt(f[2]),
                    Integer.parseInt(f[3]),
                    Integer.parseInt(f[4]),
                    Integer.parseInt(f[5]),
                    Double.parseDouble(f[6]),
                    Double.parseDouble(f[7]),
                    Double.parseDouble(f[8])));
        }
        for (String[] f : rows(directory, "build", 7)) {
            results.builds.add(build(f));
        }
        for (String[] f : rows(directory, "memory", 4)) {
            results.memory.add(new Memory(f[0], f[1], f[2], Long.parseLong(f[3])));
        }
        for (String[] f : rows(directory, "allocation", 5)) {
            results.allocations.add(
                    new Allocation(f[0], f[1], Integer.parseInt(f[2]), Integer.parseInt(f[3]), Long.parseLong(f[4])));
        }
        for (String[] f : rows(directory, "failures", 3)) {
            results.failures.add(new Failure(f[0], f[1], f[2]));
        }
        return results;
    }

    /** A row of {@link #line(Build)}. */
    static Build build(String[] f) {
        return new Build(
                f[0],
                f[1],
                Integer.parseInt(f[2]),
                Double.parseDouble(f[3]),
                Double.parseDouble(f[4]),
                Integer.parseInt(f[5]),
                f[6]);
    }

    static String line(Build b) {
        return format(
                "%s\t%s\t%d\t%.6f\t%.6f\t%d\t%s", b.peer, b.set, b.threads, b.seconds, b.cpuSeconds, b.rows, b.origin);
    }

    static void add(Path directory, Search s) throws IOException {
        append(
                directory,
                "search",
                "peer\tdataset\tthreads\tk\tef\trepetition\trecall\tqps\tcpu_us",
                format(
                        "%s\t%s\t%d\t%d\t%d\t%d\t%.5f\t%.1f\t%.2f",
                        s.peer, s.set, s.threads, s.k, s.ef, s.repetition, s.recall, s.qps, s.cpuMicros));
    }

    static void add(Path directory, Build b) throws IOException {
        append(directory, "build", "peer\tdataset\tthreads\tseconds\tcpu_seconds\trows\torigin", line(b));
    }

    static void add(Path directory, Memory m) throws IOException {
        append(
                directory,
                "memory",
                "peer\tdataset\tpart\tbytes",
                format("%s\t%s\t%s\t%d", m.peer, m.set, m.part, m.bytes));
    }

    static void add(Path directory, Allocation a) throws IOException {
        append(
                directory,
                "allocation",
                "peer\tdataset\tk\tef\tbytes",
                format("%s\t%s\t%d\t%d\t%d", a.peer, a.set, a.k, a.ef, a.bytes));
    }

    static void add(Path directory, Failure f) throws IOException {
        append(
                directory,
                "failures",
                "peer\tdataset\treason",
                format("%s\t%s\t%s", f.peer, f.set, f.reason.replaceAll("\\s+", " ")));
    }

    private static void append(Path directory, String name, String head, String line) throws IOException {
        Path file = directory.resolve(name + ".tsv");
        String text = Files.exists(file) ? line + "\n" : head + "\n" + line + "\n";
        Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private static List<String[]> rows(Path directory, String name, int fields) throws IOException {
        Path file = directory.resolve(name + ".tsv");
        List<String[]> rows = new ArrayList<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                String[] row = line.split("\t");
                if (row.length != fields) {
                    throw new IOException(file + ": expected " + fields + " fields, got \"" + line + "\"");
                }
                rows.add(row);
            }
            rows.removeFirst();
        }
        return rows;
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
