package dev.shaula.collection;

import static dev.shaula.fixture.EmbeddedNode.get;
import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.fixture.EmbeddedNode;
import dev.shaula.model.Ack;
import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.ScoredPoint;
import dev.shaula.model.SearchRequest;
import io.smallrye.mutiny.Multi;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The oracle: each id has one writer, which marks it unsettled before a write and settled, at a version, after the
 * answer. A search whose id was settled before it began, and is in the very same state after it ended, must have seen
 * that version; about all others it only must not fail.
 */
@NullMarked
class SearchUnderWritesTest {
    private static final int DIMENSIONS = 24;
    private static final int WRITERS = 2;
    private static final int IDS_PER_WRITER = 300;
    private static final int ABSENT = 0;

    /** Not a record, for it is compared by identity: two states at the same version are not the same. */
    private static final class State {
        private final boolean settled;
        private final int version;

        State(boolean settled, int version) {
            this.settled = settled;
            this.version = version;
        }
    }

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path data;

    private final AtomicReferenceArray<State> states = new AtomicReferenceArray<>(WRITERS * IDS_PER_WRITER);
    private final AtomicInteger checked = new AtomicInteger();
    private final AtomicInteger absences = new AtomicInteger();
    private volatile boolean over;

    /** A direction of its own for every version of every id. */
    private static Point point(int id, int version) {
        Random random = new Random(id * 1_000_003L + version);
        float[] vector = new float[DIMENSIONS];
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return new Point("id" + id, vector, Metadata.ofJson("{\"version\":" + version + "}"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldNeverMissWhatWasAcknowledgedBeforeTheSearchBegan(int shards) throws Exception {
        for (int i = 0; i < states.length(); i++) {
            states.set(i, new State(true, ABSENT));
        }
        try (EmbeddedNode node = new EmbeddedNode(data)) {
            VectorCollection things =
                    node.create(new CollectionConfig("c", DIMENSIONS, Metric.COSINE, shards, 8, 40, true));
            var failures = new ConcurrentLinkedQueue<Throwable>();
            List<Thread> writers = new ArrayList<>();
            List<Thread> searchers = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                int first = w * IDS_PER_WRITER;
                int seed = 500 + w;
                writers.add(start(failures, () -> write(things, first, new Random(seed))));
            }
            for (int s = 0; s < 2; s++) {
                int seed = 900 + s;
                searchers.add(start(failures, () -> search(things, new Random(seed))));
            }
            for (Thread writer : writers) {
                writer.join();
            }
            over = true;
            for (Thread searcher : searchers) {
                searcher.join();
            }
            assertThat(failures).isEmpty();
            assertThat(checked.get())
                    .as("searches that had to find their point")
                    .isGreaterThan(50);
            assertThat(absences.get()).as("look-ups that had to find nothing").isPositive();
        }
    }

    private static Thread start(ConcurrentLinkedQueue<Throwable> failures, Runnable work) {
        return Thread.ofPlatform().start(() -> {
            try {
                work.run();
            } catch (Throwable e) {
                failures.add(e);
            }
        });
    }

    private void write(VectorCollection things, int first, Random random) {
        for (int turn = 1; turn <= 150; turn++) {
            int version = turn;
            int from = first + random.nextInt(IDS_PER_WRITER - 20);
            int to = from + 1 + random.nextInt(20);
            boolean deletes = random.nextInt(4) == 0;
            List<Point> points = new ArrayList<>();
            for (int id = from; id < to; id++) {
                states.set(id, new State(false, version));
                points.add(point(id, version));
            }
            if (deletes) {
                get(things.delete(points.stream().map(Point::id).toList(), Ack.INDEXED));
            } else if (random.nextBoolean()) {
                get(things.upsert(points, Ack.INDEXED));
            } else {
                get(things.upsert(Multi.createFrom().iterable(points), Ack.INDEXED)
                        .collect()
                        .asList());
            }
            for (int id = from; id < to; id++) {
                states.set(id, new State(true, deletes ? ABSENT : version));
            }
        }
    }

    private void search(VectorCollection things, Random random) {
        while (!over) {
            int id = random.nextInt(states.length());
            State before = states.get(id);
            Point expected = point(id, before.version);
            List<ScoredPoint> found =
                    get(things.search(SearchRequest.of(expected.vector(), 1).withExact(true)));
            var got = get(things.get(expected.id()));
            get(things.search(SearchRequest.of(expected.vector(), 5)));
            if (!before.settled || !states.get(id).equals(before)) {
                continue;
            }
            if (before.version == ABSENT) {
                assertThat(got).isEmpty();
                absences.incrementAndGet();
                continue;
            }
            assertThat(found).hasSize(1);
            assertThat(found.getFirst().id()).isEqualTo(expected.id());
            assertThat(found.getFirst().score()).isGreaterThan(0.9999f);
            assertThat(found.getFirst().metadata()).isEqualTo(expected.metadata());
            assertThat(got).hasValueSatisfying(p -> assertThat(p.metadata()).isEqualTo(expected.metadata()));
            checked.incrementAndGet();
        }
    }
}
