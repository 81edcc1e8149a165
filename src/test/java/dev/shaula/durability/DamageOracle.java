package dev.shaula.durability;

import static dev.shaula.fixture.EmbeddedNode.get;

import dev.shaula.collection.LocalCollections;
import dev.shaula.collection.VectorCollection;
import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Filter;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import dev.shaula.model.VectorDbException;
import dev.shaula.storage.StorageCorruptedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Knows every point of a data directory that may be damaged, and judges what a node makes of it: an answer must be
 * right, or be a refusal that names the damage; whatever was not touched must be right. As a program it reads lines of
 * {@code directory TAB place} from its input, where {@code place} is the damaged collection or shard ({@code left/1}),
 * and answers each with one line.
 */
final class DamageOracle {
    static final List<String> COLLECTIONS = List.of("left", "right");
    private static final int DIMENSIONS = 32;
    private static final int POINTS = 1_600;
    private static final Ledger SEEDED = new Ledger(DIMENSIONS, 42);

    private final String place;
    private int detections;
    private @Nullable String firstDetection;

    private DamageOracle(String place) {
        this.place = place;
    }

    static CollectionConfig config(String name) {
        return new CollectionConfig(name, DIMENSIONS, Metric.COSINE, name.equals("left") ? 2 : 1, 16, 100, true)
                .withAutoIndexFields(4);
    }

    /** Checkpoints, indexes beside them, tables, blob files and a write-ahead log with a tail behind the newest checkpoint. */
    static void write(NodeClient node) {
        for (String name : COLLECTIONS) {
            node.create(config(name));
            upsert(node, name, 0, 1_000, 1);
            node.commit(name);
            upsert(node, name, 1_000, 1_400, 1);
            node.commit(name);
            upsert(node, name, 0, 200, 2);
            upsert(node, name, 1_400, POINTS, 1);
            node.delete(
                    name, IntStream.range(200, 300).mapToObj(DamageOracle::id).toList());
        }
    }

    private static void upsert(NodeClient node, String name, int from, int to, int version) {
        for (int i = from; i < to; i += 50) {
            node.upsert(
                    name,
                    IntStream.range(i, i + 50)
                            .mapToObj(n -> point(name, n, version))
                            .toList());
        }
    }

    private static String id(int n) {
        return "p" + n;
    }

    /** Metadata so large that RocksDB flushes some of it. */
    private static Point point(String collection, int n, int version) {
        byte[] noise = new byte[3_000];
        new Random(n * 7L + version).nextBytes(noise);
        String text = Base64.getEncoder().encodeToString(noise);
        return new Point(
                id(n),
                SEEDED.vector(collection + id(n), version),
                Metadata.ofJson("{\"n\":" + n + ",\"version\":" + version + ",\"text\":\"" + text + "\"}"));
    }

    private static Optional<Point> expected(String collection, int n) {
        boolean deleted = n >= 200 && n < 300;
        return deleted ? Optional.empty() : Optional.of(point(collection, n, n < 200 ? 2 : 1));
    }

    // --- judging -----------------------------------------------------------------------------------------------

    @SuppressWarnings("SystemOut") // verdicts go to the parent
    public static void main(String[] args) throws IOException {
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String order = orders.readLine(); order != null; order = orders.readLine()) {
            List<String> parts = List.of(order.split("\t", 2));
            resetPeak();
            String verdict;
            try {
                verdict = new DamageOracle(parts.get(1)).judge(Path.of(parts.get(0)));
            } catch (AssertionError | RuntimeException e) {
                verdict = "WRONG " + e;
            }
            System.out.println("verdict\t" + peakMegabytes() + "\t" + verdict.replace('\n', ' '));
        }
        Runtime.getRuntime().halt(0);
    }

    private String judge(Path dataDir) {
        try (EmbeddedNode node = new EmbeddedNode(dataDir)) {
            LocalCollections all = node.collections();
            for (String damage : all.damage()) {
                check(named(damage), "damage reported elsewhere: " + damage);
                detected(damage);
            }
            for (String name : COLLECTIONS) {
                Optional<VectorCollection> collection = all.find(name);
                if (collection.isPresent()) {
                    judge(name, collection.get());
                } else {
                    check(!all.damage().isEmpty() && place.equals(name), name + " is gone without a word");
                }
            }
            check(
                    all.list().size() == COLLECTIONS.size() || !all.damage().isEmpty(),
                    "collections: "
                            + all.list().stream()
                                    .map(c -> c.info().config().name())
                                    .toList());
        }
        return detections == 0 ? "harmless" : "detected " + detections + " times, first: " + firstDetection;
    }

    private void judge(String name, VectorCollection collection) {
        int before = detections;
        int live = 0;
        for (int n = 0; n < POINTS; n++) {
            Optional<Point> expected = expected(name, n);
            live += expected.isPresent() ? 1 : 0;
            judgePoint(name, collection, id(n), expected);
            if (n % 20 == 0 && expected.isPresent()) {
                judgeSearch(name, collection, expected.get(), n % 40 == 0);
            }
        }
        if (detections == before && !place.startsWith(name)) {
            long counted = collection.info().vectorCount();
            check(counted == live, name + ": counts " + counted + " points, expected " + live);
        }
        judgeCount(name, collection, "n", Filter.Op.LT, 700, 600);
        judgeCount(name, collection, "version", Filter.Op.EQ, 2, 200);
        judgeWrite(name, collection);
    }

    private void judgePoint(String name, VectorCollection collection, String id, Optional<Point> expected) {
        try {
            Optional<Point> found = get(collection.get(id));
            check(
                    found.isPresent() == expected.isPresent(),
                    name + " " + id + ": " + (found.isPresent() ? "is there" : "is missing"));
            if (found.isPresent() && expected.isPresent()) {
                check(
                        Arrays.equals(found.get().vector(), expected.get().vector()),
                        name + " " + id + ": another vector");
                check(
                        found.get().metadata().equals(expected.get().metadata()),
                        name + " " + id + ": other metadata " + found.get().metadata());
            }
        } catch (VectorDbException | StorageCorruptedException e) {
            refused(name, e);
        }
    }

    private void judgeSearch(String name, VectorCollection collection, Point point, boolean exact) {
        try {
            List<ScoredPoint> found =
                    get(collection.search(SearchRequest.of(point.vector(), 3).withExact(exact)));
            check(found.size() == 3, name + ": " + found.size() + " results");
            check(
                    found.getFirst().id().equals(point.id()),
                    name + ": nearest to " + point.id() + " is "
                            + found.getFirst().id());
            check(
                    Objects.equals(point.metadata(), found.getFirst().metadata()),
                    name + " " + point.id() + ": other metadata in a search");
        } catch (VectorDbException | StorageCorruptedException e) {
            refused(name, e);
        }
    }

    private void judgeCount(
            String name, VectorCollection collection, String field, Filter.Op op, int value, int expected) {
        try {
            long counted = get(collection.count(new Filter.Compare(field, op, Filter.Value.of(value))));
            check(counted == expected, name + ": " + counted + " with " + field + " " + op + " " + value);
        } catch (VectorDbException | StorageCorruptedException e) {
            refused(name, e);
        }
    }

    private void judgeWrite(String name, VectorCollection collection) {
        Point fresh = point(name, POINTS, 1);
        try {
            get(collection.upsert(List.of(fresh), Ack.INDEXED));
            Optional<Point> found = get(collection.get(fresh.id()));
            check(
                    found.isPresent() && Arrays.equals(found.get().vector(), fresh.vector()),
                    name + ": a new point is not there");
        } catch (VectorDbException | StorageCorruptedException e) {
            refused(name, e);
        }
    }

    private void refused(String name, RuntimeException e) {
        check(place.startsWith(name), name + ": not touched, and refuses: " + e);
        check(named(String.valueOf(e.getMessage())), "refused without naming the damage: " + e);
        detected(String.valueOf(e.getMessage()));
    }

    /** Whether a message says which collection, and which shard if it is one, is damaged. */
    private boolean named(String message) {
        int slash = place.indexOf('/');
        if (slash < 0) {
            return message.contains(place);
        }
        String directory = "shard-%03d".formatted(Integer.parseInt(place.substring(slash + 1)));
        return message.contains(place)
                || (message.contains(place.substring(0, slash) + "-") && message.contains(directory));
    }

    private void detected(String message) {
        detections++;
        if (firstDetection == null) {
            firstDetection = message;
        }
    }

    private static void check(boolean right, String wrong) {
        if (!right) {
            throw new AssertionError(wrong);
        }
    }

    // --- memory ------------------------------------------------------------------------------------------------

    private static void resetPeak() {
        System.gc(); // native blocks of the node before go with their owners
        try {
            Files.writeString(Path.of("/proc/self/clear_refs"), "5");
        } catch (IOException e) {
            // Not Linux, or not allowed: the peak is that of the process so far, which is checked all the same.
        }
    }

    /** Most memory that this process has held at once since {@link #resetPeak}; 0 where nobody can say. */
    private static long peakMegabytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .map(line -> line.replaceAll("\\D", ""))
                .mapToLong(Long::parseLong)
                .map(kilobytes -> kilobytes / 1_024)
                .findFirst()
                .orElse(0);
    }
}
