package dev.shaula.load;

import static dev.shaula.load.Options.property;
import static dev.shaula.load.Options.say;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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
 * Half of the search clients hang up in the middle of their searches. Compares what the other half gets done with a run
 * in which all stay, and fails when searches that were left go on: the server has to count some as cancelled. Who hangs
 * up asks again when an answer would have come, so that as many searches begin as before; unless he is greedy: then he
 * asks again at once, on a new connection, many times as often as a client that waits for its answers.
 */
public final class HangUps {
    private static final String COLLECTION = "hang-ups";
    private static final long SEED = 31;
    private static final int BATCH = 100;
    private static final double LEAST = 0.95;
    private static final long NOBODY = -1;
    private static final long GREEDY_PATIENCE_NS = TimeUnit.MILLISECONDS.toNanos(3);

    private final Settings settings;
    private final Rows rows;

    /**
     * The size of a run.
     *
     * @param launcher of the server
     * @param rows of the collection
     * @param dimensions of every vector
     * @param clients that stay, and as many that hang up
     * @param seconds of a phase
     * @param repetitions pairs of phases
     * @param greedy whether who hangs up asks again at once
     */
    record Settings(
            Path launcher, int rows, int dimensions, int clients, int seconds, int repetitions, boolean greedy) {}

    /**
     * What was seen.
     *
     * @param stayed searches a second of the half that stays, while the other half stays too
     * @param left the same while the other half hangs up
     * @param cancelled searches that the server did not compute to their end
     */
    record Report(double stayed, double left, long cancelled) {}

    HangUps(Settings settings) {
        this.settings = settings;
        this.rows = new Rows(settings.dimensions(), SEED);
    }

    /** Runs it once. */
    public static void main(String[] args) throws Exception {
        new HangUps(new Settings(
                        Options.launcher(),
                        property("rows", 50_000, Integer::valueOf),
                        property("dimensions", 128, Integer::valueOf),
                        property("clients", 8, Integer::valueOf),
                        property("seconds", 10, Integer::valueOf),
                        property("repetitions", 3, Integer::valueOf),
                        property("greedy", false, Boolean::valueOf)))
                .run();
    }

    Report run() throws IOException, InterruptedException, ExecutionException {
        OwnServer.Launch launch =
                new OwnServer.Launch(settings.launcher(), "-Xmx512m", Map.of(), Path.of("target", "hang-ups.log"));
        OwnServer server = OwnServer.start(launch, OwnServer.freeAddress());
        try (Client observer = new Client(server.address(), COLLECTION)) {
            observer.create(settings.dimensions());
            try (Writer writer = new Writer(server.address(), COLLECTION, rows, 0)) {
                for (int sent = 0; sent < settings.rows(); sent += BATCH) {
                    writer.send(BATCH);
                }
                writer.finish();
            }
            phase(server, NOBODY);
            double stayed = 0;
            double left = 0;
            for (int i = 0; i < settings.repetitions(); i++) {
                double all = phase(server, NOBODY);
                long answerNs = Math.round(settings.clients() * 1e9 / Math.max(1, all));
                stayed += all / settings.repetitions();
                left += phase(server, settings.greedy() ? 0 : answerNs) / settings.repetitions();
            }
            Report report = new Report(stayed, left, observer.metrics().value("shaula_searches_cancelled_total"));
            say(String.format(
                    Locale.ROOT,
                    "%d clients that stay: %.0f searches/s beside as many that stay, %.0f beside as many that hang up"
                            + " (%.2f, wanted >= %.2f: %s); %d searches cancelled; load average %s",
                    settings.clients(),
                    stayed,
                    left,
                    left / stayed,
                    LEAST,
                    left >= LEAST * stayed ? "met" : "NOT MET",
                    report.cancelled(),
                    Options.loadAverage()));
            if (report.cancelled() == 0) {
                throw new IOException("searches cancelled: expected some, got none");
            }
            return report;
        } finally {
            server.stop();
        }
    }

    /**
     * Searches a second of the clients that stay.
     *
     * @param answerNs what an answer takes, for those who hang up; {@link #NOBODY} if nobody does
     */
    private double phase(OwnServer server, long answerNs) throws InterruptedException, ExecutionException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(settings.seconds());
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Long>> staying = new ArrayList<>();
            for (int c = 0; c < settings.clients(); c++) {
                Random random = new Random(SEED + c);
                staying.add(threads.submit(() -> stay(server, end, random)));
                threads.submit(
                        () -> answerNs == NOBODY ? stay(server, end, random) : leave(server, end, random, answerNs));
            }
            long searches = 0;
            for (Future<Long> client : staying) {
                searches += client.get();
            }
            return (double) searches / settings.seconds();
        }
    }

    private String query(Random random) {
        return rows.query(COLLECTION, random.nextInt(settings.rows()), 10, true);
    }

    private long stay(OwnServer server, long end, Random random) throws IOException {
        long searches = 0;
        try (Client client = new Client(server.address(), COLLECTION)) {
            while (System.nanoTime() - end < 0) {
                // Those who hang up fill the queue until their leaving is seen: a refusal is no answer, and no failure.
                searches += client.trySend(query(random)) ? 1 : 0;
            }
        }
        return searches;
    }

    /** Asks, waits for less than an answer takes, and is gone until it would have come. */
    private long leave(OwnServer server, long end, Random random, long answerNs)
            throws IOException, InterruptedException {
        long searches = 0;
        for (; System.nanoTime() - end < 0; searches++) {
            long patienceNs = random.nextLong(answerNs == 0 ? GREEDY_PATIENCE_NS : answerNs);
            try (Connection connection = new Connection(server.address())) {
                connection.ask("/vectors/query", query(random));
                TimeUnit.NANOSECONDS.sleep(patienceNs);
            }
            TimeUnit.NANOSECONDS.sleep(answerNs - patienceNs);
        }
        return searches;
    }
}
