package dev.shaula.sidebyside;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * One run: set by set, brings every peer to a searchable index, then asks them in turn. All processes of a set live side
 * by side and only one of them works at a time; every repetition begins with another peer and every second one goes
 * backwards, so that a machine that slows down, or a neighbour, does not always meet the same peer.
 */
final class Campaign {
    private static final long BUILD_SECONDS = 3_600;
    private static final long ASK_SECONDS = 300;
    /** By about the square root of two: fine enough to interpolate, coarse enough to finish. */
    private static final int[] EFS = {10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 450, 640, 900, 1280};
    /** A curve goes on to the first point above this; the targets lie below. */
    private static final Map<Integer, Double> ENOUGH = Map.of(10, 0.993, 100, 0.985);

    /** A curve that grows by less from one ef to the next has reached what the library can find. */
    private static final double GROWTH = 0.0005;

    private static final int[] ALLOCATION_EFS = {32, 128, 512};

    private final Options options;
    private final List<PeerSpec> specs;
    private final Instant start = Instant.now();

    Campaign(Options options, List<PeerSpec> specs) {
        this.options = options;
        this.specs = specs;
    }

    void run() throws IOException {
        Files.createDirectories(options.out());
        for (PeerSpec spec : specs) {
            if (spec.absent()) {
                fail(spec, "all", spec.reason());
            }
        }
        for (String name : options.sets()) {
            say(name + ": vectors, queries and exact neighbours");
            run(DataSet.prepare(name, options.data(), options.work().resolve("data")));
        }
    }

    private void run(DataSet set) throws IOException {
        Map<PeerSpec, PeerProcess> running = new LinkedHashMap<>();
        try {
            for (PeerSpec spec : specs) {
                if (!spec.absent()) {
                    start(spec, set, running);
                }
            }
            if (!options.builds().equals("only")) {
                for (int repetition = 0; repetition < options.repetitions(); repetition++) {
                    measure(set, running, repetition);
                }
            }
        } finally {
            running.values().forEach(PeerProcess::close);
        }
    }

    /** Leaves a process with a warm index in {@code running}, or notes why there is none. */
    private void start(PeerSpec spec, DataSet set, Map<PeerSpec, PeerProcess> running) throws IOException {
        PeerProcess process = null;
        try {
            process = process(spec, set);
            process = index(spec, set, process);
            if (options.builds().equals("only")) {
                process.close();
                return;
            }
            warm(process);
            memory(spec, set, process);
            allocation(spec, set, process);
            running.put(spec, process);
        } catch (IOException e) {
            fail(spec, set.name(), e.getMessage());
            if (process != null) {
                process.close();
            }
        }
    }

    /** Opens the saved index, or builds and saves it; what was built anew is opened by a new process where it can be. */
    private PeerProcess index(PeerSpec spec, DataSet set, PeerProcess process) throws IOException {
        // Written last: without the notes, the index is what a run that was stopped left behind.
        Path notes = notes(spec, set);
        if (!options.builds().equals("always") && Files.exists(notes) && opened(process)) {
            for (String line : Files.readAllLines(notes)) {
                Results.add(options.out(), Results.build((spec.name() + "\t" + line).split("\t")));
            }
            say(set.name() + ": " + spec.name() + " opened a saved index");
            return process;
        }
        Files.deleteIfExists(notes);
        List<String> built = build(spec, set, process);
        process.ask("save", ASK_SECONDS);
        Files.write(notes, built);
        PeerProcess again = process(spec, set);
        if (opened(again)) {
            process.close();
            return again;
        }
        again.close();
        return process;
    }

    private static boolean opened(PeerProcess process) throws IOException {
        return process.ask("open", ASK_SECONDS).getOrDefault("opened", "0").equals("1");
    }

    /** Builds with every number of threads and returns the notes of it. */
    private List<String> build(PeerSpec spec, DataSet set, PeerProcess process) throws IOException {
        List<String> notes = new ArrayList<>();
        for (int threads : options.buildThreads()) {
            Map<String, String> answer = process.ask("build " + threads, BUILD_SECONDS);
            Results.Build b = new Results.Build(
                    spec.name(),
                    set.name(),
                    threads,
                    number(answer, "seconds"),
                    number(answer, "cpu"),
                    (int) number(answer, "rows"),
                    "fresh");
            Results.add(options.out(), b);
            say(String.format(
                    "%s: %s built with %d thread(s) in %.1f s: %.0f rows/s",
                    set.name(), spec.name(), threads, b.seconds(), b.rate()));
            String line = Results.line(b);
            notes.add(line.substring(line.indexOf('\t') + 1).replaceFirst("fresh$", "saved"));
        }
        return notes;
    }

    private static void warm(PeerProcess process, int k, int ef, int threads, int millis) throws IOException {
        process.ask("search " + k + " " + ef + " " + threads + " " + millis, ASK_SECONDS);
    }

    private void warm(PeerProcess process) throws IOException {
        for (int k : options.ks()) {
            warm(process, k, Math.max(64, 2 * k), 1, options.warmMillis());
            warm(process, k, Math.max(16, k), Collections.max(options.threads()), options.warmMillis() / 2);
        }
    }

    private void memory(PeerSpec spec, DataSet set, PeerProcess process) throws IOException {
        for (Map.Entry<String, String> part : process.ask("memory", ASK_SECONDS).entrySet()) {
            Results.add(
                    options.out(),
                    new Results.Memory(spec.name(), set.name(), part.getKey(), Long.parseLong(part.getValue())));
        }
        Results.add(
                options.out(), new Results.Memory(spec.name(), set.name(), "rss-anonymous", process.memory("RssAnon")));
        Results.add(options.out(), new Results.Memory(spec.name(), set.name(), "rss-file", process.memory("RssFile")));
    }

    private void allocation(PeerSpec spec, DataSet set, PeerProcess process) throws IOException {
        try {
            for (int ef : ALLOCATION_EFS) {
                Map<String, String> answer = process.ask("allocation 10 " + ef, ASK_SECONDS);
                Results.add(options.out(), new Results.Allocation(spec.name(), set.name(), 10, ef, (long)
                        number(answer, "bytes")));
            }
        } catch (UnsupportedOperationException e) {
            // A native peer: its allocator does not count.
        }
    }

    private void measure(DataSet set, Map<PeerSpec, PeerProcess> running, int repetition) throws IOException {
        List<PeerSpec> order = new ArrayList<>(running.keySet());
        Collections.rotate(order, -repetition);
        if (repetition % 2 == 1) {
            Collections.reverse(order);
        }
        for (PeerSpec spec : order) {
            say(String.format("%s: repetition %d, %s", set.name(), repetition + 1, spec.name()));
            PeerProcess process = running.get(spec);
            try {
                for (int threads : options.threads()) {
                    for (int k : options.ks()) {
                        sweep(spec, set, process, threads, k, repetition);
                    }
                }
            } catch (IOException e) {
                fail(spec, set.name(), e.getMessage());
                running.remove(spec);
                process.close();
            }
        }
    }

    private void sweep(PeerSpec spec, DataSet set, PeerProcess process, int threads, int k, int repetition)
            throws IOException {
        double enough = ENOUGH.getOrDefault(k, 0.99);
        double before = Double.NEGATIVE_INFINITY;
        for (int ef : efs(k)) {
            Map<String, String> answer =
                    process.ask("search " + k + " " + ef + " " + threads + " " + options.pointMillis(), ASK_SECONDS);
            double queries = number(answer, "queries");
            double recall = number(answer, "recall");
            Results.add(
                    options.out(),
                    new Results.Search(
                            spec.name(),
                            set.name(),
                            threads,
                            k,
                            ef,
                            repetition + 1,
                            recall,
                            queries / number(answer, "seconds"),
                            1e6 * number(answer, "cpu") / queries));
            // Not among the first: a library may take a small ef for a larger one.
            if (recall >= enough || ef >= 4 * k && recall - before < GROWTH) {
                return;
            }
            before = recall;
        }
    }

    /** {@code k} itself and what lies above it. */
    private static int[] efs(int k) {
        return IntStream.concat(IntStream.of(k), IntStream.of(EFS).filter(ef -> ef > 1.1 * k))
                .toArray();
    }

    private PeerProcess process(PeerSpec spec, DataSet set) throws IOException {
        Path index = index(spec, set);
        Files.createDirectories(index.getParent());
        List<String> command = new ArrayList<>(List.of(spec.command().split(" +")));
        command.addAll(List.of(
                "--base", set.base().toString(),
                "--queries", set.queries().toString(),
                "--truth", set.neighbours().toString(),
                "--metric", set.closeness().wireName(),
                "--m", Integer.toString(options.m()),
                "--ef-construction", Integer.toString(options.efConstruction()),
                "--index", index.toString()));
        return new PeerProcess(command, options.out().resolve(spec.name() + ".log"));
    }

    private Path index(PeerSpec spec, DataSet set) {
        String directory = set.name() + "-m" + options.m() + "-ef" + options.efConstruction();
        return options.work().resolve("index").resolve(directory).resolve(spec.index());
    }

    /** How long the saved index took to build. */
    private Path notes(PeerSpec spec, DataSet set) {
        return index(spec, set).resolveSibling(spec.index() + ".builds");
    }

    private void fail(PeerSpec spec, String set, String reason) throws IOException {
        say(set + ": " + spec.name() + ": " + reason);
        Results.add(options.out(), new Results.Failure(spec.name(), set, reason));
    }

    private static double number(Map<String, String> answer, String name) throws IOException {
        String value = answer.get(name);
        if (value == null) {
            throw new IOException("expected " + name + " in the answer, got " + answer);
        }
        return Double.parseDouble(value);
    }

    private void say(String text) {
        System.err.printf("%5d s  %s%n", Duration.between(start, Instant.now()).toSeconds(), text);
    }
}
