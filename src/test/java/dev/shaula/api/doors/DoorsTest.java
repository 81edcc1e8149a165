package dev.shaula.api.doors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.shaula.api.doors.Door.Hit;
import dev.shaula.api.doors.Door.Query;
import dev.shaula.api.doors.Door.Refused;
import dev.shaula.api.doors.Door.Row;
import dev.shaula.model.Metric;
import io.quarkus.test.junit.QuarkusTest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What goes in by one door comes out by every door as the same bits; and what one refuses, all refuse alike. */
@QuarkusTest
class DoorsTest {
    private static final int POINTS = 200;
    private static final int DIMENSIONS = 7;
    private static final long SEED = 20_261_122;

    private final Random random = new Random(SEED);

    @ParameterizedTest
    @EnumSource(Door.Kind.class)
    void shouldAnswerTheSameWhateverDoorWroteAndWhateverDoorAsks(Door.Kind writer) {
        List<Row> records = records();
        List<Query> queries = queries();
        for (Metric metric : Metric.values()) {
            String name = "doors-" + writer.name().toLowerCase(Locale.ROOT) + "-" + metric.wireName();
            write(writer, name, metric, records);
            for (Query query : queries) {
                List<Hit> first = ask(Door.Kind.HTTP_NUMBERS, name, query);
                assertThat(first).as("%s %s", name, query).isNotEmpty();
                for (Door.Kind reader : Door.Kind.values()) {
                    assertThat(ask(reader, name, query))
                            .as("%s read by %s: %s", name, reader, query)
                            .isEqualTo(first);
                }
            }
            compareGetAndDelete(name, records);
        }
    }

    private static void write(Door.Kind writer, String name, Metric metric, List<Row> records) {
        try (Door door = writer.open()) {
            door.create(name, DIMENSIONS, metric);
            door.upsert(name, records);
        }
    }

    private static List<Hit> ask(Door.Kind reader, String name, Query query) {
        try (Door door = reader.open()) {
            return door.search(name, query);
        }
    }

    private static void compareGetAndDelete(String name, List<Row> records) {
        int next = 0;
        for (Door.Kind kind : Door.Kind.values()) {
            try (Door door = kind.open()) {
                Row expected = records.get(next++);
                Row got = door.get(name, expected.id());
                assertThat(got.vector()).containsExactly(expected.vector());
                assertThat(got.metadata()).isEqualTo(expected.metadata());
                assertThat(door.delete(name, List.of(expected.id(), "nobody"))).containsExactly("nobody");
                Refused gone = refusal(kind, d -> d.get(name, expected.id()));
                assertThat(gone.status).isEqualTo(404);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Door.Kind.class)
    void shouldRefuseAlike(Door.Kind kind) {
        String name = "doors-bad-" + kind.name().toLowerCase(Locale.ROOT);
        try (Door door = kind.open()) {
            door.create(name, 2, Metric.COSINE);
            door.upsert(name, List.of(new Row("a", new float[] {1, 0}, "{}")));
        }
        Query good = new Query(new float[] {1, 0}, 1, 0, false, null, null, false);
        refuses(kind, 404, "collection \"doors-none\" does not exist", d -> d.search("doors-none", good));
        // Bytes do not say how many vectors they are.
        String length =
                kind == Door.Kind.HTTP_PACKED ? "body: expected at most 1 x 2" : "vector: expected 2 numbers, got 3";
        refuses(kind, kind == Door.Kind.HTTP_PACKED ? 413 : 400, length, d -> d.search(name, with(good, 1, 0, 0)));
        refuses(
                kind,
                400,
                "top_k: expected 1 to 10000, got 10001",
                d -> d.search(name, new Query(good.vector(), 10_001, 0, false, null, null, false)));
        refuses(
                kind,
                400,
                "filter.a",
                d -> d.search(name, new Query(good.vector(), 1, 0, false, null, "{\"a\":{\"$near\":1}}", false)));
        refuses(kind, 409, "already exists", d -> d.create(name, 3, Metric.COSINE));
        refuses(kind, 400, "id: expected 1 to 1024 bytes", d -> d.upsert(name, List.of(point("", 1, 0))));
        refuses(
                kind,
                400,
                "[1].vector: expected 2 numbers, got 1",
                d -> d.upsert(name, List.of(point("b", 1, 0), point("c", 1))));
        assertThat(ask(kind, name, good)).hasSize(1);
    }

    private static Query with(Query query, float... vector) {
        return new Query(
                vector,
                query.topK(),
                query.ef(),
                query.exact(),
                query.threshold(),
                query.filter(),
                query.withVectors());
    }

    private static Row point(String id, float... vector) {
        return new Row(id, vector, "{}");
    }

    private static void refuses(Door.Kind kind, int status, String text, Consumer<Door> request) {
        Refused refused = refusal(kind, request);
        assertThat(refused.status).as(refused.getMessage()).isEqualTo(status);
        assertThat(refused).hasMessageContaining(text);
    }

    private static Refused refusal(Door.Kind kind, Consumer<Door> request) {
        try (Door door = kind.open()) {
            Refused refused = catchThrowableOfType(Refused.class, () -> request.accept(door));
            assertThat(refused).as("a refusal by %s", kind).isNotNull();
            return refused;
        }
    }

    private List<Row> records() {
        List<Row> records = new ArrayList<>();
        for (int i = 0; i < POINTS; i++) {
            String metadata = "{\"n\":%d,\"cat\":\"c%d\",\"tags\":[\"t%d\",\"é\"],\"deep\":{\"k\":%s}}"
                    .formatted(i, i % 3, i % 5, i % 2 == 0 ? "1.5" : "null");
            records.add(new Row("p" + i, vector(), metadata));
        }
        return records;
    }

    private List<Query> queries() {
        return List.of(
                new Query(vector(), 10, 0, false, null, null, false),
                new Query(vector(), 1, 0, true, null, null, true),
                new Query(vector(), 50, 0, true, 0.05, null, false),
                new Query(vector(), 5, 7, false, null, null, true),
                new Query(vector(), 20, 0, false, null, "{\"cat\":\"c1\",\"n\":{\"$gte\":20}}", true),
                new Query(vector(), 500, 0, false, 0.0, "{\"tags\":{\"$in\":[\"t1\",\"t4\"]}}", false));
    }

    private float[] vector() {
        float[] vector = new float[DIMENSIONS];
        for (int i = 0; i < DIMENSIONS; i++) {
            vector[i] = (float) random.nextGaussian();
        }
        return vector;
    }
}
