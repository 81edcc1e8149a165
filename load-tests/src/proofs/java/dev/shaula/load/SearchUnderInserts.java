package dev.shaula.load;

import static dev.shaula.load.Options.property;
import static dev.shaula.load.Options.say;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Searches while rows are inserted. First the insert capacity is measured without searches; then, several times in
 * turn, searches are timed while nothing is inserted and while rows come at half of that capacity. Beside the timed
 * searches a second client asks, exactly, for rows that were acknowledged before it asks. Fails on any error, any answer
 * with other than k rows, and any acknowledged row that is not found. Run by {@link #main}, in a short form by the tests
 * of the service.
 */
public final class SearchUnderInserts {
    private static final String COLLECTION = "busy";
    private static final long SEED = 12;
    private static final int K = 10;
    private static final int QUERIES = 500;
    private static final int ROWS_PER_CHUNK = 16;
    /** Rows of one stream start here times its number: streams never share an id. */
    private static final long STREAM = 1L << 32;

    private final Settings settings;
    private final Rows rows;
    private long nextStream;

    /**
     * The size of a run.
     *
     * @param launcher of the server
     * @param dimensions of every vector
     * @param preloaded rows before anything is measured
     * @param capacityRows that are inserted alone and at full speed
     * @param phaseSeconds of one idle and of one loaded phase
     * @param repetitions of that pair
     * @param searchesPerSecond timed, one at a time
     * @param checksPerSecond exact searches for acknowledged rows, in both kinds of phase
     */
    record Settings(
            Path launcher,
            int dimensions,
            int preloaded,
            int capacityRows,
            int phaseSeconds,
            int repetitions,
            int searchesPerSecond,
            int checksPerSecond) {}

    /**
     * Times of one phase in milliseconds.
     *
     * @param inserted rows a second that were acknowledged
     * @param checked acknowledged rows that were looked for, and found
     * @param otherCores that were used by neither the server nor this client
     */
    record Phase(double p50, double p99, double max, double inserted, int checked, double otherCores) {}

    /** An idle phase and the loaded one after it. */
    record Pair(Phase idle, Phase loaded) {
        double ratio() {
            return loaded.p99() / idle.p99();
        }
    }

    SearchUnderInserts(Settings settings) {
        this.settings = settings;
        this.rows = new Rows(settings.dimensions(), SEED);
    }

    /** Runs it for every number of dimensions asked for. */
    public static void main(String[] args) throws IOException, InterruptedException, ExecutionException {
        for (int dimensions : property("dimensions", List.of(128, 768), Options::integers)) {
            Settings settings = new Settings(
                    Options.launcher(),
                    dimensions,
                    property("rows", 20_000, Integer::valueOf),
                    property("capacity", 10_000, Integer::valueOf),
                    property("seconds", 15, Integer::valueOf),
                    property("repetitions", 5, Integer::valueOf),
                    property("searches", 50, Integer::valueOf),
                    property("checks", 5, Integer::valueOf));
            say(String.format(Locale.ROOT, "%s", settings));
            List<Pair> pairs = new SearchUnderInserts(settings).run();
            double[] ratios = pairs.stream().mapToDouble(Pair::ratio).sorted().toArray();
            say(String.format(
                    Locale.ROOT,
                    "%d dimensions: median ratio of the p99 %.2f, load average %s",
                    dimensions,
                    ratios[ratios.length / 2],
                    Options.loadAverage()));
        }
    }

    List<Pair> run() throws IOException, InterruptedException, ExecutionException {
        OwnServer.Launch launch = new OwnServer.Launch(
                settings.launcher(),
                property("jvm", "-Xmx1g", o -> o),
                Map.of(),
                Path.of("target", "search-under-inserts.log"));
        OwnServer server = OwnServer.start(launch, OwnServer.freeAddress());
        try {
            prepare(server);
            double capacity = capacity(server);
            say(String.format(
                    Locale.ROOT, "insert capacity %.0f rows/s, load average %s", capacity, Options.loadAverage()));
            Pair[] pairs = new Pair[settings.repetitions()];
            for (int r = 0; r < pairs.length; r++) {
                pairs[r] = new Pair(phase(server, 0), phase(server, capacity / 2));
                report(pairs[r]);
            }
            return List.of(pairs);
        } finally {
            server.stop();
        }
    }

    private static void report(Pair pair) {
        Phase idle = pair.idle();
        Phase loaded = pair.loaded();
        say(String.format(
                Locale.ROOT,
                "idle p50 %.2f p99 %.2f max %.1f ms | at %.0f rows/s p50 %.2f p99 %.2f max %.1f ms | ratio of the p99 %.2f"
                        + " | %d acknowledged rows looked for and found | others on %.2f and %.2f cores",
                idle.p50(),
                idle.p99(),
                idle.max(),
                loaded.inserted(),
                loaded.p50(),
                loaded.p99(),
                loaded.max(),
                pair.ratio(),
                idle.checked() + loaded.checked(),
                idle.otherCores(),
                loaded.otherCores()));
    }

    /** Stores the first rows, and warms both kinds of search. */
    private void prepare(OwnServer server) throws IOException, InterruptedException, ExecutionException {
        try (Client client = new Client(server.address(), COLLECTION);
                Writer writer = newWriter(server)) {
            client.create(settings.dimensions());
            for (int sent = 0; sent < settings.preloaded(); sent += ROWS_PER_CHUNK) {
                writer.send(ROWS_PER_CHUNK);
            }
            writer.finish();
        }
        phase(server, 0);
    }

    /** Rows a second that one stream stores at full speed, without searches. */
    private double capacity(OwnServer server) throws IOException, InterruptedException {
        try (Writer writer = newWriter(server)) {
            List<byte[]> load = chunks(writer, settings.capacityRows());
            long start = System.nanoTime();
            for (byte[] chunk : load) {
                writer.send(chunk, ROWS_PER_CHUNK);
            }
            writer.finish();
            return writer.acknowledged() * 1e9 / (System.nanoTime() - start);
        }
    }

    /** At least {@code n} rows for a stream, written out before anything is timed: client and server share the cores. */
    private List<byte[]> chunks(Writer writer, int n) {
        List<byte[]> chunks = new ArrayList<>();
        for (long from = 0; from < n; from += ROWS_PER_CHUNK) {
            chunks.add(rows.ndjson(writer.first() + from, writer.first() + from + ROWS_PER_CHUNK));
        }
        return chunks;
    }

    private Writer newWriter(OwnServer server) throws IOException {
        return new Writer(server.address(), COLLECTION, rows, STREAM * nextStream++);
    }

    /** Times searches while {@code rowsPerSecond} are inserted, 0 for none. */
    private Phase phase(OwnServer server, double rowsPerSecond)
            throws IOException, InterruptedException, ExecutionException {
        int n = (int) (rowsPerSecond * settings.phaseSeconds());
        try (Writer writer = newWriter(server)) {
            return phase(server, writer, rowsPerSecond, chunks(writer, n));
        }
    }

    private Phase phase(OwnServer server, Writer writer, double rowsPerSecond, List<byte[]> load)
            throws IOException, InterruptedException, ExecutionException {
        OtherLoad others = OtherLoad.beside(server);
        long start = System.nanoTime();
        long end = start + TimeUnit.SECONDS.toNanos(settings.phaseSeconds());
        try (ExecutorService threads = Executors.newThreadPerTaskExecutor(
                Thread.ofPlatform().name("phase-", 0).factory())) {
            Future<double[]> searches = threads.submit(() -> search(server, end));
            Future<Integer> checks = threads.submit(() -> check(server, writer, end));
            if (rowsPerSecond > 0) {
                Iterator<byte[]> chunks = load.iterator();
                paced(rowsPerSecond / ROWS_PER_CHUNK, end, since -> {
                    if (chunks.hasNext()) {
                        writer.send(chunks.next(), ROWS_PER_CHUNK);
                    }
                });
            }
            double[] ms = searches.get();
            int checked = checks.get();
            if (rowsPerSecond > 0) {
                writer.finish();
            }
            Arrays.sort(ms);
            double inserted = writer.acknowledged() * 1e9 / (System.nanoTime() - start);
            return new Phase(
                    percentile(ms, 0.5), percentile(ms, 0.99), ms[ms.length - 1], inserted, checked, others.cores());
        }
    }

    private double[] search(OwnServer server, long end) throws IOException, InterruptedException {
        double[] ms = new double[settings.searchesPerSecond() * settings.phaseSeconds() + 2];
        int[] n = {0};
        Random random = new Random(SEED);
        String[] bodies = new String[QUERIES];
        Arrays.setAll(bodies, i -> rows.query(COLLECTION, random.nextInt(settings.preloaded()), K, false));
        try (Client client = new Client(server.address(), COLLECTION)) {
            paced(settings.searchesPerSecond(), end, since -> {
                List<Long> found = client.search(bodies[random.nextInt(bodies.length)]);
                ms[n[0]++] = (System.nanoTime() - since) / 1e6;
                expect(found.size() == K, "search: expected " + K + " rows, got " + found);
            });
        }
        return Arrays.copyOf(ms, n[0]);
    }

    /** Asks for rows by their own vector, of which the server said before that they are stored: half of them the last. */
    private int check(OwnServer server, Writer writer, long end) throws IOException, InterruptedException {
        int[] checked = {0};
        Random random = new Random(SEED);
        try (Client client = new Client(server.address(), COLLECTION)) {
            paced(settings.checksPerSecond(), end, since -> {
                long acknowledged = writer.acknowledged();
                long row = acknowledged == 0
                        ? random.nextInt(settings.preloaded())
                        : writer.first() + (random.nextBoolean() ? acknowledged - 1 : random.nextLong(acknowledged));
                List<Long> found = client.search(rows.query(COLLECTION, row, K, true));
                checked[0]++;
                expect(found.contains(row), "row " + row + " was acknowledged and is missing in " + found);
            });
        }
        return checked[0];
    }

    private interface Step {
        /** @param sinceNs when it could have begun: when it was due, if the step before took too long */
        void run(long sinceNs) throws IOException;
    }

    /** Takes a step whenever one is due; one that comes late does not move the next. */
    private static void paced(double perSecond, long end, Step step) throws IOException, InterruptedException {
        long start = System.nanoTime();
        long due = start;
        for (long i = 1; due < end; i++) {
            long early = due - System.nanoTime();
            TimeUnit.NANOSECONDS.sleep(early);
            long now = System.nanoTime();
            if (now >= end) {
                return; // so far behind that the rest belongs to the next phase
            }
            // How long the client's own sleep lasted says nothing of the server; how late it was before does.
            step.run(early > 0 ? now : due);
            due = start + (long) (i * 1e9 / perSecond);
        }
    }

    private static void expect(boolean holds, String otherwise) throws IOException {
        if (!holds) {
            throw new IOException(otherwise);
        }
    }

    private static double percentile(double[] sorted, double share) {
        return sorted[(int) Math.min(sorted.length - 1, Math.ceil(share * sorted.length))];
    }
}
