package dev.shaula.load;

import static dev.shaula.load.Options.mib;
import static dev.shaula.load.Options.property;
import static dev.shaula.load.Options.say;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Greedy writers over every door at once, far beyond what the server can take, beside a few searches, in little memory.
 * Fails when the process ends or runs out of memory, when a write is refused or waits for longer than a client would, or
 * when an acknowledged row is not found as it was written last. Goodput, times of acknowledgement and of searches, and
 * the delays of event loops are reported beside their goals. Run by {@link #main}, in a short form by the tests of the
 * service.
 */
public final class Overload {
    private static final String COLLECTION = "overload";
    private static final long SEED = 23;
    private static final int SEARCHERS = 16;
    private static final String OVERLOAD_LOG = "overload.log";

    private final Settings settings;
    private final Rows rows;
    private final List<Greedy> all = new ArrayList<>();
    private final List<Batch> blocks;
    /** Versions by block. */
    private final int[] versions;

    /**
     * The size of a run.
     *
     * @param launcher of the server
     * @param writers of each door
     * @param batch rows of a block, which a writer writes at a time
     * @param dimensions of every vector
     * @param heapMiB heap of the server
     * @param directMiB direct memory of the server
     * @param seconds of overload
     * @param phaseSeconds of each phase before it
     * @param searches a second
     */
    record Settings(
            Path launcher,
            int writers,
            int batch,
            int dimensions,
            int heapMiB,
            int directMiB,
            int seconds,
            int phaseSeconds,
            int searches) {}

    /** What one phase showed; times in ms. */
    record Phase(double rowsPerSecond, double clientP99, double admittedP99, double searchP50, double searchP99) {}

    /** @param timeOuts acknowledgements that a client would not have waited for */
    record Report(Phase idle, Phase polite, double peak, Phase overload, long timeOuts, long blocked) {}

    Overload(Settings settings) {
        this.settings = settings;
        this.rows = new Rows(settings.dimensions(), SEED);
        this.versions = new int[3 * settings.writers()];
        this.blocks = IntStream.range(0, versions.length)
                .mapToObj(block -> new Batch(block, settings.batch(), rows))
                .toList();
    }

    /** Runs it once; see load-tests/README.md for its properties. */
    public static void main(String[] args) throws Exception {
        Settings settings = new Settings(
                Options.launcher(),
                property("writers", 100, Integer::valueOf),
                property("batch", 50, Integer::valueOf),
                property("dimensions", 128, Integer::valueOf),
                property("heap", 384, Integer::valueOf),
                property("direct", 128, Integer::valueOf),
                property("seconds", 600, Integer::valueOf),
                property("phase", 15, Integer::valueOf),
                property("searches", 20, Integer::valueOf));
        say(settings.toString());
        new Overload(settings).run();
    }

    Report run() throws IOException, InterruptedException, ExecutionException {
        OwnServer server = OwnServer.start(launch(), OwnServer.freeAddress());
        try {
            create(server);
            Report report = phases(server);
            verify(server);
            say("every acknowledged row was found as it was written last; load average " + Options.loadAverage());
            checkLog();
            if (report.timeOuts() > 0) {
                throw new IOException(report.timeOuts() + " acknowledgements took longer than a client waits");
            }
            return report;
        } finally {
            for (Greedy writer : all) {
                writer.close();
            }
            server.stop();
        }
    }

    private void create(OwnServer server) throws IOException {
        try (Client client = new Client(server.address(), COLLECTION)) {
            client.create(settings.dimensions());
        }
    }

    /** On a connection of its own: between two looks one would be idle for longer than the server allows. */
    private static Metrics metrics(OwnServer server) throws IOException {
        try (Client client = new Client(server.address(), COLLECTION)) {
            return client.metrics();
        }
    }

    private OwnServer.Launch launch() {
        return new OwnServer.Launch(
                settings.launcher(),
                "-Xmx%dm -XX:MaxDirectMemorySize=%dm -XX:+ExitOnOutOfMemoryError"
                        .formatted(settings.heapMiB(), settings.directMiB()),
                Map.of(
                        "quarkus.vertx.max-event-loop-execute-time",
                        "20ms",
                        // What may be on its way of one stream: the more, the longer until it is acknowledged.
                        "shaula.websocket.window",
                        "64K"),
                Path.of("target", OVERLOAD_LOG));
    }

    private Report phases(OwnServer server) throws IOException, InterruptedException, ExecutionException {
        List<Greedy> every = make(server, settings.writers());
        own(every);
        for (Greedy writer : every) {
            writer.send();
            writer.awaitAll();
        }
        Phase idle = phase("idle", server, List.of(), settings.phaseSeconds(), false);
        Phase polite = phase("one polite writer a door", server, take(every, 1), settings.phaseSeconds(), true);
        // Until dead rows are mended and dropped as fast as they come, and the code is compiled: no peak is kept up
        // before.
        phase("warming up", server, take(every, Math.min(16, settings.writers())), settings.phaseSeconds(), false);
        double peak = 0;
        for (int writers = 1; writers <= Math.min(16, settings.writers()); writers *= 4) {
            List<Greedy> some = take(every, writers);
            String name = writers + " greedy writers a door";
            peak = Math.max(
                    peak,
                    phase(name, server, some, settings.phaseSeconds(), false).rowsPerSecond());
        }
        Phase overload = phase(settings.writers() + " greedy writers a door", server, every, settings.seconds(), false);
        phase("1 greedy writer a door, after it", server, take(every, 1), settings.phaseSeconds(), false);
        for (Greedy writer : every) {
            writer.finish();
        }
        long timeOuts = all.stream().mapToLong(Greedy::timeOuts).sum();
        Report report = new Report(idle, polite, peak, overload, timeOuts, blockedLines());
        judge(report);
        reportServer(server);
        return report;
    }

    private List<Greedy> make(OwnServer server, int each) throws IOException {
        Percentiles times = new Percentiles();
        for (int i = 0; i < each; i++) {
            all.add(new GreedyNdjson(server.address(), COLLECTION, nextName(), versions, times));
            all.add(new GreedySocket(server.address(), COLLECTION, nextName(), versions, times));
            all.add(new GreedyGrpc(server.address(), COLLECTION, nextName(), versions, times));
        }
        return List.copyOf(all);
    }

    private String nextName() {
        return String.format(Locale.ROOT, "w%04d", all.size());
    }

    /** Parts all blocks among some writers: each phase writes the same rows and vectors, however many write them. */
    private void own(List<Greedy> writers) {
        for (int w = 0; w < writers.size(); w++) {
            int first = w;
            writers.get(w)
                    .own(blocks.stream()
                            .filter(batch -> batch.block() % writers.size() == first)
                            .toList());
        }
    }

    private static List<Greedy> take(List<Greedy> every, int each) {
        return every.subList(0, 3 * each);
    }

    private Phase phase(String name, OwnServer server, List<Greedy> writers, int seconds, boolean polite)
            throws IOException, InterruptedException, ExecutionException {
        own(writers);
        Metrics before = metrics(server);
        Percentiles searches = new Percentiles();
        Percentiles acknowledged = new Percentiles();
        Map<String, Long> rowsBefore = acknowledged(writers);
        Duration processorBefore = server.processorTime();
        long start = System.nanoTime();
        long end = start + TimeUnit.SECONDS.toNanos(seconds);
        double rate;
        double cores;
        Map<String, Long> doors;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> running = new ArrayList<>();
            for (Greedy writer : writers) {
                writer.measure(acknowledged);
                running.add(threads.submit(() -> {
                    if (polite) {
                        writer.runPolitely(end, 20);
                    } else {
                        writer.run(end);
                    }
                    return null;
                }));
            }
            search(server, end, searches, threads);
            // What is acknowledged now; what is still under way belongs to no phase.
            double took = (System.nanoTime() - start) / 1e9;
            doors = acknowledged(writers);
            Duration processor = server.processorTime().minus(processorBefore);
            doors.replaceAll((door, rows) -> Math.round((rows - rowsBefore.getOrDefault(door, 0L)) / took));
            cores = processor.toNanos() / 1e9 / took;
            rate = doors.values().stream().mapToLong(Long::longValue).sum();
            for (Future<?> writer : running) {
                writer.get();
            }
            for (Greedy writer : writers) {
                writer.awaitAll();
            }
        }
        Metrics after = metrics(server);
        Phase phase = new Phase(
                rate,
                acknowledged.millis(0.99),
                after.p99Millis("shaula_writes_seconds_bucket_total", before),
                searches.millis(0.5),
                searches.millis(0.99));
        say(String.format(
                Locale.ROOT,
                "%-28s %6.0f rows/s; acknowledged p50 %.0f p99 %.0f ms after sending, p99 %.0f ms after admission;"
                        + " %d searches p50 %.1f p99 %.1f ms; event loops computed for 20 ms %d times, were %d times late",
                name,
                phase.rowsPerSecond(),
                acknowledged.millis(0.5),
                phase.clientP99(),
                phase.admittedP99(),
                searches.count(),
                phase.searchP50(),
                phase.searchP99(),
                stalls(after, "work") - stalls(before, "work"),
                stalls(after, "delay") - stalls(before, "delay")));
        if (doors.size() > 1) {
            say(String.format(
                    Locale.ROOT,
                    "    of it %s; the server used %.2f cores, %.0f us a row",
                    doors,
                    cores,
                    cores / rate * 1e6));
        }
        return phase;
    }

    /** Rows by door. */
    private static Map<String, Long> acknowledged(List<Greedy> writers) {
        Map<String, Long> rows = new TreeMap<>();
        writers.forEach(writer -> rows.merge(writer.getClass().getSimpleName(), writer.acknowledgedRows(), Long::sum));
        return rows;
    }

    /** Searches at a constant rate, each timed from when it was due. */
    private void search(OwnServer server, long end, Percentiles times, ExecutorService threads)
            throws IOException, InterruptedException, ExecutionException {
        BlockingQueue<Client> clients = new LinkedBlockingQueue<>();
        for (int i = 0; i < SEARCHERS; i++) {
            clients.add(new Client(server.address(), COLLECTION));
        }
        List<Future<?>> running = new ArrayList<>();
        int asked = 0;
        long period = TimeUnit.SECONDS.toNanos(1) / settings.searches();
        for (long due = System.nanoTime(); due - end < 0; due += period) {
            TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
            long dueNs = due;
            long row = asked++ % ((long) versions.length * settings.batch());
            running.add(threads.submit(() -> {
                Client client = clients.take();
                client.send(rows.query(COLLECTION, row, 10, false));
                times.add(System.nanoTime() - dueNs);
                clients.add(client);
                return null;
            }));
        }
        for (Future<?> search : running) {
            search.get();
        }
        for (Client client : clients) {
            client.close();
        }
    }

    /** Every row of every writer, by its id, with the version that was acknowledged last. */
    private void verify(OwnServer server) throws IOException {
        try (Client client = new Client(server.address(), COLLECTION)) {
            long expected = (long) versions.length * settings.batch();
            if (client.vectorCount() != expected) {
                throw new IOException("vector_count: expected " + expected + ", got " + client.vectorCount());
            }
            for (int block = 0; block < versions.length; block++) {
                for (int row = 0; row < settings.batch(); row++) {
                    int version = Batch.version(client.vectorOf(Batch.id(block, row))[0]);
                    if (version != versions[block]) {
                        throw new IOException(Batch.id(block, row) + ": expected version " + versions[block]
                                + ", which was acknowledged, got " + version);
                    }
                }
            }
        }
    }

    private static void judge(Report report) {
        Phase load = report.overload();
        goal(
                "goodput",
                load.rowsPerSecond() / report.peak(),
                ">= 0.9 of peak",
                load.rowsPerSecond() >= 0.9 * report.peak());
        double acknowledged = load.admittedP99() / report.polite().admittedP99();
        goal("p99 of admitted writes", acknowledged, "<= 2 of polite writers", acknowledged <= 2);
        double search = load.searchP99() / report.idle().searchP99();
        goal("p99 of searches", search, "<= 3 of idle", search <= 3);
        goal("client time-outs", (double) report.timeOuts(), "0", report.timeOuts() == 0);
    }

    private static void goal(String what, double value, String wanted, boolean met) {
        say(String.format(Locale.ROOT, "%-24s %.2f, wanted %s: %s", what, value, wanted, met ? "met" : "NOT MET"));
    }

    private void reportServer(OwnServer server) throws IOException {
        Metrics metrics = metrics(server);
        say(String.format(
                Locale.ROOT,
                "heap %.0f MiB, direct %.0f MiB in use, process at most %.0f MiB; %s %s; event loops blocked for 20 ms: %d times",
                mib(metrics.heapUsed()),
                mib(metrics.sum("jvm_buffer_memory_used_bytes", "direct")),
                mib(server.peakResidentBytes()),
                delays(metrics, "delay"),
                delays(metrics, "work"),
                blockedLines()));
    }

    /** Ticks of event loops that were 20 ms late or more. */
    private static long stalls(Metrics metrics, String kind) {
        String name = "shaula_eventloop_" + kind + "_seconds";
        return metrics.value(name + "_count") - metrics.sum(name + "_bucket", "le=\"0.02\"");
    }

    private static String delays(Metrics metrics, String kind) {
        String name = "shaula_eventloop_" + kind + "_seconds";
        long count = metrics.value(name + "_count");
        return String.format(
                Locale.ROOT,
                "event loop %s: %d ticks, %d over 20 ms, %d over 100 ms;",
                kind,
                count,
                stalls(metrics, kind),
                count - metrics.sum(name + "_bucket", "le=\"0.1\""));
    }

    /** Lines of Vert.x's checker, which looks once a second. */
    private static long blockedLines() throws IOException {
        return log().stream()
                .filter(line -> line.contains("has been blocked for"))
                .count();
    }

    private static void checkLog() throws IOException {
        for (String line : log()) {
            if (line.contains("OutOfMemoryError") || line.contains("OutOfDirectMemory")) {
                throw new IOException("the server ran out of memory: " + line);
            }
        }
    }

    private static List<String> log() throws IOException {
        return Files.readAllLines(Path.of("target", OVERLOAD_LOG));
    }
}
