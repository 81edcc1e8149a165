package dev.shaula.durability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.durability.Ledger.Change;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.VectorDbException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * One data directory and a row of lives: writers write, the node is killed at a random moment, is started again, and
 * every word it gave is compared with what it holds. At the end its graph is compared with that of a node that lived
 * through the same writes without interruption.
 */
final class CrashRound {
    static final int DIMENSIONS = 32;
    private static final String THINGS = "things";
    private static final CollectionConfig CONFIG =
            new CollectionConfig(THINGS, DIMENSIONS, Metric.COSINE, 2, 16, 100, true);
    private static final int WRITERS = 5;
    /** Once a writer has so many ids it inserts no more: verifying must stay quick, and the graph must stay in use. */
    private static final int IDS_PER_WRITER = 700;
    /** Kills hit checkpoints when these are always under way. */
    private static final Duration CHECKPOINTS = Duration.ofMillis(100);

    private static final int LONGEST_LIFE_MS = 1_200;
    /** For a backup to be answered beside the writers, in the lives that wait for one. */
    private static final int LONGEST_WAIT_MS = 10_000;

    private static final int QUERIES = 1_000;
    private static final int K = 10;
    /** So few candidates that recall is not perfect, or it would hide a difference. */
    private static final int EF = 20;

    private final Path directory;
    private final Random random;
    private final Ledger ledger;
    private final CrashBackups backups;
    private final NodeProcess.Settings settings;
    private int earlyKills;
    private int doubtful;
    private int doubtfulDone;

    /**
     * What a round has shown.
     *
     * @param kills how often the node was killed
     * @param earlyKills how many of them hit it while it was starting
     * @param writes points written or deleted and acknowledged
     * @param live points at the end
     * @param doubtful points sent and not answered when the node died
     * @param doubtfulDone how many of these were found done
     * @param backups taken and answered
     * @param restored of these restored after a kill and compared
     * @param recall of the recovered graph
     * @param uninterrupted of a graph built from the same writes without a crash
     */
    record Figures(
            int kills,
            int earlyKills,
            long writes,
            int live,
            int doubtful,
            int doubtfulDone,
            int backups,
            int restored,
            double recall,
            double uninterrupted) {
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%d kills (%d while starting), %d writes acknowledged, %d points live, %d writes in doubt of which"
                            + " %d were done; %d backups answered, %d restored and compared; recall@%d %.4f, uninterrupted %.4f",
                    kills,
                    earlyKills,
                    writes,
                    live,
                    doubtful,
                    doubtfulDone,
                    backups,
                    restored,
                    K,
                    recall,
                    uninterrupted);
        }
    }

    /** @param service true to kill {@code ./shaula serve} and to speak HTTP, false for the engine alone */
    CrashRound(Path directory, long seed, boolean service) {
        this.directory = directory;
        this.random = new Random(seed);
        this.ledger = new Ledger(DIMENSIONS, seed);
        this.backups = new CrashBackups(ledger);
        this.settings = NodeProcess.Settings.of(directory.resolve("data"))
                .withCheckpointsEvery(CHECKPOINTS)
                .asService(service);
    }

    /** Kills {@code kills} times and verifies each time; an assertion fails as soon as a promise is found broken. */
    Figures run(int kills) throws Exception {
        for (int kill = 0; kill < kills; kill++) {
            if (random.nextInt(5) == 0) {
                killWhileStarting();
                continue;
            }
            try (NodeProcess node = NodeProcess.start(settings)) {
                verify(node);
                liveAndDie(node);
            }
        }
        try (NodeProcess node = NodeProcess.start(settings)) {
            verify(node);
            fillUp(node);
            verify(node);
            return figures(kills, node);
        }
    }

    private void killWhileStarting() {
        try (NodeProcess node = NodeProcess.launch(settings)) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300 + random.nextInt(1_500)));
            earlyKills++;
            node.kill();
        }
    }

    private void liveAndDie(NodeProcess node) throws Exception {
        AtomicBoolean dying = new AtomicBoolean();
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            List<Future<?>> all = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                int writer = w;
                long seed = random.nextLong();
                all.add(threads.submit(() -> write(node, writer, new Random(seed), dying, Integer.MAX_VALUE)));
            }
            long seed = random.nextLong();
            all.add(threads.submit(() -> commit(node, new Random(seed), dying)));
            all.add(threads.submit(() -> backUp(node, dying)));
            if (random.nextInt(3) == 0) {
                backups.awaitOne(LONGEST_WAIT_MS);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextInt(LONGEST_LIFE_MS)));
            dying.set(true);
            node.kill();
            for (Future<?> each : all) {
                each.get(60, TimeUnit.SECONDS);
            }
        }
    }

    /** Writes until the node dies or {@code requests} are done; a refusal while it lives is a failure. */
    private void write(NodeProcess node, int writer, Random choices, AtomicBoolean dying, int requests) {
        try (NodeClient client = node.connect()) {
            client.create(CONFIG);
            for (int i = 0; i < requests; i++) {
                Change change = next(writer, choices);
                if (change.deletes()) {
                    client.delete(THINGS, change.ids());
                } else {
                    client.upsert(THINGS, ledger.points(change));
                }
                ledger.acknowledge(change);
            }
        } catch (UncheckedIOException e) {
            assertThat(dying).as("the connection broke before the kill: %s", e).isTrue();
        } catch (VectorDbException e) {
            throw new AssertionError("refused: " + e.getMessage() + "; " + node.errors(), e);
        }
    }

    private Change next(int writer, Random choices) {
        List<String> mine = ledger.idsOf(prefix(writer)).stream()
                .filter(id -> ledger.doubt(id) == null)
                .toList();
        int kind = choices.nextInt(100);
        if (mine.size() < 20 || (kind < 70 && mine.size() < IDS_PER_WRITER)) {
            List<String> fresh = new ArrayList<>();
            for (int i = 1 + choices.nextInt(40); i > 0; i--) {
                fresh.add(prefix(writer) + (mine.size() + i));
            }
            return ledger.send(fresh, false);
        }
        List<String> some = new ArrayList<>(mine);
        Collections.shuffle(some, choices);
        boolean deletes = kind % 3 == 0;
        return ledger.send(some.subList(0, 1 + choices.nextInt(12)), deletes);
    }

    private static String prefix(int writer) {
        return "w" + writer + "-";
    }

    private void commit(NodeProcess node, Random choices, AtomicBoolean dying) {
        try (NodeClient client = node.connect()) {
            client.create(CONFIG);
            while (true) {
                client.commit(THINGS);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(choices.nextInt(100)));
            }
        } catch (UncheckedIOException e) {
            assertThat(dying).as("the connection broke before the kill: %s", e).isTrue();
        }
    }

    private void backUp(NodeProcess node, AtomicBoolean dying) {
        try (NodeClient client = node.connect()) {
            client.create(CONFIG);
            while (true) {
                backups.take(client, THINGS);
            }
        } catch (UncheckedIOException e) {
            assertThat(dying).as("the connection broke before the kill: %s", e).isTrue();
        }
    }

    // --- verifying ---------------------------------------------------------------------------------------------

    private void verify(NodeProcess node) throws Exception {
        try (NodeClient client = node.connect()) {
            client.create(CONFIG);
        }
        List<String> ids = ledger.ids();
        AtomicInteger next = new AtomicInteger();
        AtomicInteger live = new AtomicInteger();
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                all.add(threads.submit(() -> {
                    try (NodeClient client = node.connect()) {
                        for (int i = next.getAndIncrement(); i < ids.size(); i = next.getAndIncrement()) {
                            live.addAndGet(verify(client, ids.get(i)) ? 1 : 0);
                        }
                    }
                }));
            }
            for (Future<?> each : all) {
                result(each);
            }
        }
        try (NodeClient client = node.connect()) {
            assertThat(client.count(THINGS)).as("points that the node counts").isEqualTo(live.get());
            backups.verify(client, THINGS);
            CrashBackups.removeAll(client, backups.taken());
        }
    }

    private static void result(Future<?> future) throws Exception {
        try {
            future.get(10, TimeUnit.MINUTES); // thousands of reads, maybe on a busy machine
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AssertionError broken) {
                throw broken;
            }
            throw e;
        }
    }

    /** Compares one id with what was acknowledged, or with what may have happened instead; says whether it is live. */
    private boolean verify(NodeClient client, String id) {
        Ledger.State acknowledged = ledger.acknowledged(id);
        Ledger.State sent = ledger.doubt(id);
        Optional<Point> found = client.get(THINGS, id);
        boolean happened = sent != null && is(found, id, sent);
        if (sent != null) {
            synchronized (this) {
                doubtful++;
                doubtfulDone += happened ? 1 : 0;
            }
            ledger.settle(id, happened);
        }
        if (!happened) {
            assertThat(is(found, id, acknowledged))
                    .as("%s: acknowledged %s, in doubt %s, found %s", id, acknowledged, sent, found)
                    .isTrue();
        }
        found.ifPresent(point -> assertFoundByItsVector(client, point));
        return found.isPresent();
    }

    private boolean is(Optional<Point> found, String id, Ledger.State state) {
        if (found.isEmpty() || !state.live()) {
            return found.isEmpty() && !state.live();
        }
        Point expected = ledger.point(id, state.version());
        return Arrays.equals(found.get().vector(), expected.vector())
                && found.get().metadata().equals(expected.metadata());
    }

    private static void assertFoundByItsVector(NodeClient client, Point point) {
        List<ScoredPoint> nearest = client.search(THINGS, point.vector(), 1, NodeClient.EXACT);
        assertThat(nearest)
                .extracting(ScoredPoint::id)
                .as("nearest to " + point.id())
                .containsExactly(point.id());
    }

    // --- recall ------------------------------------------------------------------------------------------------

    /** Few lives may leave too few points for a graph to be worth walking: writes on in peace. */
    private void fillUp(NodeProcess node) throws Exception {
        AtomicBoolean never = new AtomicBoolean();
        for (int w = 0; w < WRITERS; w++) {
            Random choices = new Random(random.nextLong());
            while (ledger.idsOf(prefix(w)).size() < IDS_PER_WRITER * 9 / 10) {
                write(node, w, choices, never, 20);
            }
        }
    }

    private Figures figures(int kills, NodeProcess recovered) throws Exception {
        List<Point> points = ledger.liveIds().stream()
                .map(id -> ledger.point(id, ledger.acknowledged(id).version()))
                .toList();
        double recall = recall(recovered, points);
        double uninterrupted;
        try (NodeProcess fresh = NodeProcess.start(settings.in(directory.resolve("uninterrupted")))) {
            try (NodeClient client = fresh.connect()) {
                client.create(CONFIG);
                for (Change change : ledger.history()) {
                    if (change.deletes()) {
                        client.delete(THINGS, change.ids());
                    } else {
                        client.upsert(THINGS, ledger.points(change));
                    }
                }
                assertThat(client.count(THINGS)).isEqualTo(points.size());
            }
            uninterrupted = recall(fresh, points);
        }
        long writes = ledger.history().stream().mapToLong(c -> c.after().size()).sum();
        return new Figures(
                kills,
                earlyKills,
                writes,
                points.size(),
                doubtful,
                doubtfulDone,
                backups.taken(),
                backups.restored(),
                recall,
                uninterrupted);
    }

    private double recall(NodeProcess node, List<Point> points) {
        int hits = 0;
        try (NodeClient client = node.connect()) {
            for (int q = 0; q < QUERIES; q++) {
                float[] query = ledger.vector("query", q);
                Set<String> nearest = new HashSet<>(nearest(points, query));
                hits += (int) client.search(THINGS, query, K, EF).stream()
                        .filter(found -> nearest.contains(found.id()))
                        .count();
            }
        }
        return hits / (double) (QUERIES * K);
    }

    private static List<String> nearest(List<Point> points, float[] query) {
        record Scored(String id, double score) {}
        return points.stream()
                .map(p -> new Scored(p.id(), cosine(p.vector(), query)))
                .sorted(Comparator.comparingDouble(Scored::score).reversed())
                .limit(K)
                .map(Scored::id)
                .toList();
    }

    private static double cosine(float[] a, float[] b) {
        double product = 0;
        double squaresA = 0;
        double squaresB = 0;
        for (int d = 0; d < a.length; d++) {
            product += (double) a[d] * b[d];
            squaresA += (double) a[d] * a[d];
            squaresB += (double) b[d] * b[d];
        }
        return product / Math.sqrt(squaresA * squaresB);
    }
}
