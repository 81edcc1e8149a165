package dev.shaula.load;

import static dev.shaula.load.Options.mib;
import static dev.shaula.load.Options.property;
import static dev.shaula.load.Options.say;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
 * Many writers against one slow shard in a small heap: back-pressure instead of drops. Every writer streams its rows in
 * one request; the shard takes so many a second. Fails when a request is refused or breaks off, when the process ends,
 * when a sampled queue is above its bound, when an acknowledged row is not found with its own vector, or when the counts
 * differ. Run by {@link #main}, in a short form by the tests of the service.
 */
public final class SlowShard {
    private static final String COLLECTION = "slow";
    private static final long SEED = 11;
    private static final int ROWS_PER_CHUNK = 10;
    private static final int SEARCHED = 200;
    private static final long SAMPLE_MS = 200;

    private final Settings settings;
    private final Rows rows;

    /**
     * The size of a run.
     *
     * @param launcher of the server
     * @param writers streams at a time
     * @param rows of each stream
     * @param dimensions of every vector
     * @param writesPerSecond that the shard takes
     * @param heapMiB heap of the server
     * @param idleSeconds after which the server closes an idle connection; one whose rows wait is not idle
     */
    record Settings(
            Path launcher, int writers, int rows, int dimensions, int writesPerSecond, int heapMiB, int idleSeconds) {
        long total() {
            return (long) writers * rows;
        }
    }

    /**
     * What was seen; all sizes in bytes.
     *
     * @param seconds from the first row sent to the last acknowledgement
     * @param budget bound of the writes in flight
     * @param inFlight most writes in flight, in the shard's queue and beside it
     * @param queued most in the queue of the shard
     * @param waiting most senders that waited for the budget at a time
     * @param heap most heap in use
     * @param resident peak of the process
     * @param longestWaitSeconds longest that any writer waited for its next acknowledgement
     */
    record Report(
            double seconds,
            long budget,
            long inFlight,
            long queued,
            long waiting,
            long heap,
            long resident,
            double longestWaitSeconds) {}

    SlowShard(Settings settings) {
        this.settings = settings;
        this.rows = new Rows(settings.dimensions(), SEED);
    }

    /** Runs it for every number of dimensions asked for. */
    public static void main(String[] args) throws IOException, InterruptedException, ExecutionException {
        for (int dimensions : property("dimensions", List.of(128, 384), Options::integers)) {
            Settings settings = new Settings(
                    Options.launcher(),
                    property("writers", 100, Integer::valueOf),
                    property("rows", 400, Integer::valueOf),
                    dimensions,
                    property("rate", 200, Integer::valueOf),
                    property("heap", 256, Integer::valueOf),
                    property("idle", 20, Integer::valueOf));
            say(String.format(Locale.ROOT, "%s", settings));
            new SlowShard(settings).run();
        }
    }

    Report run() throws IOException, InterruptedException, ExecutionException {
        OwnServer server = OwnServer.start(launch(), OwnServer.freeAddress());
        try {
            Report report = load(server);
            verify(server);
            say(String.format(
                    Locale.ROOT,
                    "every one of %d acknowledged rows was found; load average %s",
                    settings.total(),
                    Options.loadAverage()));
            return report;
        } finally {
            server.stop();
        }
    }

    private OwnServer.Launch launch() {
        return new OwnServer.Launch(
                settings.launcher(),
                "-Xmx%dm -XX:MaxDirectMemorySize=64m".formatted(settings.heapMiB()),
                Map.of(
                        "shaula.max-write-rate",
                        Integer.toString(settings.writesPerSecond()),
                        "quarkus.http.idle-timeout",
                        settings.idleSeconds() + "s"),
                Path.of("target", "slow-shard.log"));
    }

    private Report load(OwnServer server) throws IOException, InterruptedException, ExecutionException {
        try (Client observer = new Client(server.address(), COLLECTION)) {
            observer.create(settings.dimensions());
            Samples samples = new Samples();
            long start = System.nanoTime();
            double longestWait = writeAll(server, observer, samples);
            double seconds = (System.nanoTime() - start) / 1e9;
            Report report = samples.report(seconds, longestWait, server.peakResidentBytes());
            say(String.format(
                    Locale.ROOT,
                    "%d writers, %d rows of %d dimensions in %.1f s (%.0f rows/s); writes in flight at most %.1f of %.1f MiB,"
                            + " %.1f MiB of them queued, %d senders waiting; heap at most %.0f of %d MiB, process %.0f MiB;"
                            + " longest wait for an acknowledgement %.1f s",
                    settings.writers(),
                    settings.total(),
                    settings.dimensions(),
                    seconds,
                    settings.total() / seconds,
                    mib(report.inFlight()),
                    mib(report.budget()),
                    mib(report.queued()),
                    report.waiting(),
                    mib(report.heap()),
                    settings.heapMiB(),
                    mib(report.resident()),
                    longestWait));
            return report;
        }
    }

    /** Returns the longest time in seconds that a writer waited for an acknowledgement. */
    private double writeAll(OwnServer server, Client observer, Samples samples)
            throws IOException, InterruptedException, ExecutionException {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Long>> writers = new ArrayList<>();
            for (int w = 0; w < settings.writers(); w++) {
                long first = (long) w * settings.rows();
                writers.add(threads.submit(() -> write(server, first)));
            }
            while (!writers.stream().allMatch(Future::isDone)) {
                if (!server.isAlive()) {
                    threads.shutdownNow();
                    throw new IOException("the server ended; see target/slow-shard.log");
                }
                samples.add(observer.metrics());
                TimeUnit.MILLISECONDS.sleep(SAMPLE_MS);
            }
            long longest = 0;
            for (Future<Long> writer : writers) {
                longest = Math.max(longest, writer.get());
            }
            return longest / 1e9;
        }
    }

    private long write(OwnServer server, long first) throws IOException, InterruptedException {
        try (Writer writer = new Writer(server.address(), COLLECTION, rows, first)) {
            for (int sent = 0; sent < settings.rows(); sent += ROWS_PER_CHUNK) {
                writer.send(Math.min(ROWS_PER_CHUNK, settings.rows() - sent));
            }
            writer.finish();
            return writer.longestWaitNs();
        }
    }

    /** Asks for every row by its id, and for some as the exact nearest neighbour of itself. */
    private void verify(OwnServer server) throws IOException {
        try (Client client = new Client(server.address(), COLLECTION)) {
            long count = client.vectorCount();
            if (count != settings.total()) {
                throw new IOException("vector_count: expected " + settings.total() + ", got " + count);
            }
            for (long row = 0; row < settings.total(); row++) {
                if (!Arrays.equals(client.vector(row), rows.vector(row))) {
                    throw new IOException("row " + row + ": came back with another vector");
                }
            }
            Random random = new Random(SEED);
            for (int i = 0; i < SEARCHED; i++) {
                long row = random.nextLong(settings.total());
                List<Long> nearest = client.search(rows.query(COLLECTION, row, 1, true));
                if (!nearest.equals(List.of(row))) {
                    throw new IOException("row " + row + ": its nearest neighbour is " + nearest);
                }
            }
        }
    }

    /** The largest of what was sampled. */
    private static final class Samples {
        private long budget;
        private long inFlight;
        private long queued;
        private long waiting;
        private long heap;

        void add(Metrics metrics) {
            budget = metrics.value("shaula_writes_budget_bytes");
            inFlight = Math.max(inFlight, metrics.value("shaula_writes_in_flight_bytes"));
            queued = Math.max(queued, metrics.value("shaula_writes_queued_bytes"));
            waiting = Math.max(waiting, metrics.value("shaula_writes_waiting"));
            heap = Math.max(heap, metrics.heapUsed());
            if (inFlight > budget || queued > budget) {
                throw new IllegalStateException(
                        "writes in flight " + inFlight + ", queued " + queued + ", expected at most " + budget);
            }
        }

        Report report(double seconds, double longestWait, long resident) {
            return new Report(seconds, budget, inFlight, queued, waiting, heap, resident, longestWait);
        }
    }
}
