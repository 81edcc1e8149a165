package dev.shaula.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.shaula.model.CollectionConfig;
import dev.shaula.model.Metadata;
import dev.shaula.model.Metric;
import dev.shaula.model.Point;
import dev.shaula.model.WriteResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.NullMarked;

@NullMarked
class WriteBatchTest {
    private static final int IDS = 12;

    /** One for all tries, each with ids of its own: a shard takes megabytes of native memory, however small. */
    private static final HeapShard SHARD =
            new HeapShard(new CollectionConfig("c", 2, Metric.EUCLIDEAN, 1, 4, 20, false));

    private static int tries;

    /** A request in the words of the model: ids with values, or ids to be deleted. */
    record Asked(boolean delete, List<Integer> ids, int value) {
        WriteRequest toRequest() {
            if (delete) {
                return HeapShard.deleteOf(ids.stream().map(WriteBatchTest::id).toList());
            }
            List<Point> points = new ArrayList<>();
            for (int i = 0; i < ids.size(); i++) {
                points.add(point(ids.get(i), value + i));
            }
            return HeapShard.upsertOf(points);
        }

        private static Point point(int id, int value) {
            return new Point(id(id), new float[] {value, 1}, Metadata.ofJson("{\"value\":" + value + "}"));
        }
    }

    @Provide
    Arbitrary<List<List<Asked>>> batches() {
        Arbitrary<List<Integer>> ids =
                Arbitraries.integers().between(0, IDS - 1).list().ofMinSize(1).ofMaxSize(8);
        Arbitrary<Asked> asked = Combinators.combine(
                        Arbitraries.of(true, false), ids, Arbitraries.integers().between(1, 1_000))
                .as(Asked::new);
        return asked.list().ofMinSize(1).ofMaxSize(6).list().ofMaxSize(10);
    }

    /** However requests fall into batches, they answer and act as if they had come one write after the other. */
    @Property(tries = 400)
    void shouldActLikeOneWriteAfterTheOther(@ForAll("batches") List<List<Asked>> batches) {
        tries++;
        int others = SHARD.snapshot().count();
        Map<String, Integer> model = new TreeMap<>();
        for (List<Asked> batch : batches) {
            List<WriteResult> expected =
                    batch.stream().map(asked -> play(asked, model)).toList();
            assertThat(SHARD.apply(batch.stream().map(Asked::toRequest).toList()))
                    .isEqualTo(expected);
            assertHolds(SHARD.snapshot(), model, others);
        }
    }

    private static WriteResult play(Asked asked, Map<String, Integer> model) {
        List<String> missing = new ArrayList<>();
        for (int i = 0; i < asked.ids().size(); i++) {
            String id = id(asked.ids().get(i));
            if (!asked.delete()) {
                model.put(id, asked.value() + i);
            } else if (model.remove(id) == null) {
                missing.add(id);
            }
        }
        return new WriteResult(asked.ids().size() - missing.size(), missing);
    }

    private static void assertHolds(ShardSnapshot snapshot, Map<String, Integer> model, int others) {
        assertThat(snapshot.count()).isEqualTo(others + model.size());
        for (int i = 0; i < IDS; i++) {
            Integer value = model.get(id(i));
            if (value == null) {
                assertThat(snapshot.get(id(i))).isEmpty();
            } else {
                assertThat(snapshot.get(id(i))).hasValueSatisfying(point -> {
                    assertThat(point.vector()).containsExactly(value, 1);
                    assertThat(point.metadata()).hasToString("{\"value\":" + value + "}");
                });
            }
        }
    }

    private static String id(int number) {
        return "try" + tries + "-" + number;
    }
}
