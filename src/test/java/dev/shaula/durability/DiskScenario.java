package dev.shaula.durability;

import dev.shaula.collection.VectorCollection;
import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.VectorDbException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * One fixed life of a node on a disk that may fail: steps of upserts and deletes, two checkpoints with their trims and a
 * reopening in between. It says {@code sent n} before each step and {@code done n} after its answer; a step that is
 * refused is {@code refused n}, and life goes on. The argument is the data directory.
 */
final class DiskScenario {
    static final int STEPS = 14;
    private static final String THINGS = "things";
    private static final int DIMENSIONS = 16;
    private static final Ledger SEEDED = new Ledger(DIMENSIONS, 7);

    private DiskScenario() {}

    @SuppressWarnings("SystemOut") // how the parent learns what was acknowledged
    public static void main(String[] args) {
        Path data = Path.of(args[0]);
        try {
            live(data, 0, STEPS / 2);
            live(data, STEPS / 2, STEPS);
            System.out.println("end");
        } catch (RuntimeException e) {
            System.out.println("gave up: " + e);
        }
        System.exit(0);
    }

    private static void live(Path data, int from, int to) {
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things = retry(() -> node.create(config()));
            for (int step = from; step < to; step++) {
                take(things, step);
                if (step % 4 == 3) {
                    commit(things);
                }
            }
        }
    }

    @SuppressWarnings("SystemOut")
    private static void take(VectorCollection things, int step) {
        System.out.println("sent " + step);
        try {
            if (deletes(step)) {
                EmbeddedNode.get(things.delete(ids(step), Ack.INDEXED));
            } else {
                EmbeddedNode.get(things.upsert(points(step), Ack.INDEXED));
            }
            System.out.println("done " + step);
        } catch (VectorDbException e) {
            System.out.println("refused " + step + ": " + e.getMessage());
        }
    }

    @SuppressWarnings("SystemOut")
    private static void commit(VectorCollection things) {
        try {
            EmbeddedNode.get(things.commit());
            System.out.println("committed");
        } catch (RuntimeException e) {
            System.out.println("not committed: " + e);
        }
    }

    private static <T> T retry(Supplier<T> call) {
        try {
            return call.get();
        } catch (RuntimeException e) {
            return call.get();
        }
    }

    static CollectionConfig config() {
        return new CollectionConfig(THINGS, DIMENSIONS, Metric.COSINE, 1, 16, 50, true);
    }

    static boolean deletes(int step) {
        return step % 5 == 4;
    }

    /** A step deletes the first two points of the step before last; all others write five points of their own. */
    static List<String> ids(int step) {
        return deletes(step)
                ? List.of(id(step - 2, 0), id(step - 2, 1))
                : IntStream.range(0, 5).mapToObj(i -> id(step, i)).toList();
    }

    private static String id(int step, int i) {
        return "s" + step + "-" + i;
    }

    static List<Point> points(int step) {
        return ids(step).stream().map(id -> SEEDED.point(id, 1)).toList();
    }

    /** Which of a step's points are there, all as they were written; every one must also be found by its vector. */
    static int present(VectorCollection things, int step) {
        int present = 0;
        for (Point point : points(step)) {
            Optional<Point> found = EmbeddedNode.get(things.get(point.id()));
            if (found.isPresent()) {
                if (!Arrays.equals(found.get().vector(), point.vector())
                        || !found.get().metadata().equals(point.metadata())) {
                    throw new AssertionError(point.id() + " is another than was written");
                }
                present++;
            }
        }
        return present;
    }
}
